import { CodedError } from "../../base/errors.ts";
import type { Clock } from "../../base/wait.ts";
import type { Declaration } from "../../config/schema.ts";
import { httpFor } from "../../http/client.ts";
import { openReferences, type References } from "../../references/resolver.ts";
import { composeProjectNameOf, type Workspace } from "../../workspace/index.ts";
import type { Notice } from "./notice.ts";
import { type Channel, sendNotice } from "./send.ts";

type DeclaredChannel = NonNullable<Declaration["notify"]>[number] & { readonly name: string };

const channelsOf = ({ notify = [] }: Pick<Declaration, "notify">): DeclaredChannel[] =>
  notify.map((channel) => ({ ...channel, name: channel.name ?? channel.type }));

/** Returns the name that tells this server from others: the declared name, the domain, or the Compose project. */
const instanceName = ({ production, name }: Declaration, project: string): string =>
  name ?? production?.domain ?? project;

interface TellContext {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Tells the channels of a declaration that want this event. Returns why others were not told. */
export async function tellChannels(context: TellContext, declaration: Declaration, notice: Notice): Promise<unknown[]> {
  const { event } = notice;
  const wanted = channelsOf(declaration).filter(
    ({ events }) => event !== "test" && (events === undefined || events.includes(event)),
  );
  if (wanted.length === 0) return [];
  const references = openReferences({ ...context, vault: declaration.vault });
  try {
    const channels = await openChannels(declaration, wanted, references);
    const sending = channels.map((channel) =>
      sendNotice(channel, notice, { ...context, openHttp: httpFor(context.env), hidden: [] }),
    );
    const results = await Promise.allSettled(sending);
    return results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  } finally {
    await references.close();
  }
}

/** Resolves addresses and secrets of the wanted channels. Throws once, with every reference that cannot be resolved. */
async function openChannels(
  declaration: Declaration,
  wanted: readonly DeclaredChannel[],
  references: References,
): Promise<Channel[]> {
  const all = channelsOf(declaration);
  const at = ({ name }: DeclaredChannel) => all.findIndex((one) => one.name === name);
  const found = await references.resolveAll(
    Object.fromEntries(
      wanted.flatMap((channel) => [
        [`notify.${at(channel)}.url`, channel.url],
        ...(channel.secret === undefined ? [] : [[`notify.${at(channel)}.secret`, channel.secret]]),
      ]),
    ),
  );
  return wanted.flatMap((channel) => {
    const [url, secret] = [found[`notify.${at(channel)}.url`], found[`notify.${at(channel)}.secret`]];
    return url === undefined ? [] : [{ name: channel.name, type: channel.type, url, ...(secret && { secret }) }];
  });
}

interface ChannelTestContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/**
 * Sends a test message from this machine to every declared channel, or to the one of this name. Returns the names of the
 * channels. Throws where no channel is declared or a message was not accepted.
 */
export async function testChannels(
  { dir, declaration, env, composeProjectName }: Workspace,
  name: string | undefined,
  context: ChannelTestContext,
): Promise<string[]> {
  const { clock, signal, say } = context;
  const all = channelsOf(declaration);
  const wanted = all.filter((one) => name === undefined || one.name === name);
  if (wanted.length === 0) {
    throw new CodedError("GC1101", name === undefined ? "notify declares no channel" : `notify has no ${name}`, {
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
      instance: instanceName(declaration, composeProjectNameOf(dir, composeProjectName)),
      title: "a test of notifications",
      lines: ["If you can read this, you will be told when something fails."],
      atMs: clock.now(),
    };
    const results = await Promise.allSettled(
      channels.map((channel) =>
        sendNotice(channel, notice, { clock, signal, openHttp: httpFor(context.env), env: context.env, hidden: [] }),
      ),
    );
    signal.throwIfAborted();
    const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) {
      throw new CodedError("GC1609", `${errors.length} of ${channels.length} messages were not accepted`, {
        problems: errors.map((error) => (error instanceof Error ? error.message : String(error))),
        remedy: "Check their addresses, then run the command again.",
      });
    }
    return channels.map((channel) => channel.name);
  } finally {
    await references.close();
  }
}
