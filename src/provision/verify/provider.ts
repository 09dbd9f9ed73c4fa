import { CodedError } from "../../base/errors.ts";
import { Secret } from "../../base/secret.ts";
import { providerOf } from "../../config/provider.ts";
import type { Declaration } from "../../config/schema.ts";
import { openNodeTransport } from "../../glitchtip/transport-node.ts";
import { lastGoodVariables, openProviderStore, type ProviderContext } from "../provider.ts";
import { readBackEvents } from "../read-back.ts";
import type { Reader } from "./index.ts";

/** Apps of a Compose provider have no provisioner beside them: their events are read back from this machine. */
export function eachItsReader(
  context: Pick<ProviderContext, "dir" | "clock">,
  declaration: Declaration,
  others: Reader,
  withinMs: number,
): Reader {
  const isProvided = ({ app }: { readonly app: string }) => providerOf(declaration, app) !== undefined;
  const provided: Reader = async (events, answer, signal) => {
    const transport = openNodeTransport(declaration.server.url ?? "");
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

/** The DSN that the last `up` handed to an app, by the variable's own name. */
export function providedDsn(dir: string, declaration: Declaration, app: string, variable: string): Secret {
  const service = providerOf(declaration, app);
  const dsn = service && lastGoodVariables(dir, declaration, service)?.[variable];
  if (dsn) return new Secret(dsn);
  throw new CodedError("GC1605", `app ${app} has no DSN yet: its provider has not been through`, {
    remedy: "docker compose up -d --wait",
  });
}
