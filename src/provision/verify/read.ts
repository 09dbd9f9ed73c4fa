import { CodedError } from "../../base/errors.ts";
import { providerOf } from "../../config/app-sources.ts";
import type { Declaration } from "../../config/schema.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { openTransport } from "../../glitchtip/transport.ts";
import { openHttp } from "../../http/client.ts";
import { askReadBack } from "../ask-provisioner.ts";
import { openProviderStore, type ProviderContext } from "../provider.ts";
import { type ReadBackLine, type ReadBackRequest, readBackEvents } from "../read-back.ts";
import type { EventReader } from "./verify.ts";

/** Returns a reader that looks for events with the provisioner's own token, in a container of its service. */
export function provisionerReader(docker: Docker, withinMs: number): EventReader {
  return async (events, answer, signal) => {
    const missing = new Set(events.map(({ app }) => app));
    const request: ReadBackRequest = { withinMs, resolve: true, events: [...events] };
    const onLine = (line: ReadBackLine) => {
      missing.delete(line.app);
      answer(line);
    };
    const result = await askReadBack(docker, request, onLine, signal).catch((error: unknown) => {
      // We ended it ourselves: nobody waits for more answers.
      if (signal.aborted) return undefined;
      throw error;
    });
    if (result === undefined || missing.size === 0) return;
    throw new CodedError("GC1605", `the read-back ended without an answer (exit ${result.code ?? result.signal})`, {
      problems: lastLines(result.stderr, 5),
      remedy: "docker compose up -d --wait, then run the command again.",
    });
  };
}

/**
 * Returns a reader that looks for the events of a Compose provider's apps from this machine, because they have no
 * provisioner, and passes all others on to `others`.
 */
export function readerWithProviders(
  context: Pick<ProviderContext, "dir" | "env" | "clock">,
  declaration: Declaration,
  others: EventReader,
  withinMs: number,
): EventReader {
  const isProvided = ({ app }: { readonly app: string }) => providerOf(declaration, app) !== undefined;
  const provided: EventReader = async (events, answer, signal) => {
    const transport = openTransport(openHttp, declaration.server.url ?? "", { env: context.env });
    const asked = { clock: context.clock, signal, transport, store: openProviderStore(context.dir) };
    try {
      await readBackEvents(asked, declaration, { withinMs, resolve: true, events: [...events] }, answer);
    } finally {
      await transport.close();
    }
  };
  return async (events, answer, signal) => {
    const [ours, theirs] = [events.filter(isProvided), events.filter((event) => !isProvided(event))];
    await Promise.all([
      ours.length === 0 ? undefined : provided(ours, answer, signal),
      theirs.length === 0 ? undefined : others(theirs, answer, signal),
    ]);
  };
}
