import { CodedError } from "../../base/errors.ts";
import type { Clock } from "../../base/wait.ts";
import { openHttp } from "../../http/undici.ts";
import { openReferences } from "../../references/resolver.ts";
import { composeProjectNameOf, type Workspace } from "../../workspace/index.ts";
import { channelsOf, instanceOf, openChannels } from "./channels.ts";
import type { Notice } from "./notice.ts";
import { sendNotice } from "./send.ts";

export interface TestContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** Sends a message to every declared channel, or one of them, from this machine. Returns who got it. */
export async function testChannels(
  { dir, declaration, env, composeProjectName }: Workspace,
  name: string | undefined,
  context: TestContext,
): Promise<string[]> {
  const { clock, signal, say } = context;
  const all = channelsOf(declaration);
  const wanted = all.filter((one) => name === undefined || one.name === name);
  if (wanted.length === 0) {
    throw new CodedError("GC1101", name === undefined ? "nobody is declared in notify" : `notify has no ${name}`, {
      remedy:
        all.length === 0
          ? "Write notify: [{type: slack, url: file:./slack-url}] into glitchtip.yaml."
          : `There is: ${all.map((one) => one.name).join(", ")}.`,
    });
  }
  const references = openReferences({
    dir,
    env: { ...env, ...context.env },
    clock,
    signal,
    vault: declaration.vault,
    say,
  });
  try {
    const channels = await openChannels(declaration, wanted, references);
    const notice: Notice = {
      event: "test",
      state: "done",
      instance: instanceOf(declaration, composeProjectNameOf(dir, composeProjectName)),
      title: "a test of notifications",
      lines: ["If you can read this, you are told when something fails."],
      atMs: clock.now(),
    };
    const results = await Promise.allSettled(
      channels.map((channel) => sendNotice(channel, notice, { clock, signal, openHttp, env: context.env, hidden: [] })),
    );
    signal.throwIfAborted();
    const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) {
      throw new CodedError("GC1609", `${errors.length} of ${channels.length} messages were not taken`, {
        problems: errors.map((error) => (error instanceof Error ? error.message : String(error))),
        remedy: "Check their addresses, then run it again.",
      });
    }
    return channels.map((channel) => channel.name);
  } finally {
    await references.close();
  }
}
