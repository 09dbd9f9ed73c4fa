import { linkSignals } from "../base/abort.ts";
import { CodedError, hasErrno } from "../base/errors.ts";
import { permissionDenied } from "./cli.ts";
import type { Engine } from "./engine.ts";
import { type EngineAddress, type PlacesContext, places } from "./places.ts";

export interface LocatedEngine {
  readonly engine: Engine;
  readonly address: EngineAddress;
  /** The variables that make the `docker` program use the same engine. */
  readonly env: Readonly<Record<string, string>>;
}

export interface LocateContext extends PlacesContext {
  readonly open: (address: EngineAddress) => Promise<Engine>;
}

const PING_WITHIN_MS = 10_000;

/** Returns the first engine that answers. Throws GC1601 with every place that was tried. */
export async function locateEngine(context: LocateContext): Promise<LocatedEngine> {
  const reasons: string[] = [];
  const denied: string[] = [];
  for await (const place of places(context)) {
    if ("not" in place) {
      reasons.push(`${place.via}: ${place.not}`);
      continue;
    }
    const { address, only, env } = place;
    try {
      const engine = await context.open(address);
      using within = linkSignals([context.signal], PING_WITHIN_MS);
      await engine.ping(within.signal);
      return { engine, address, env };
    } catch (error) {
      context.signal.throwIfAborted();
      if (hasErrno(error, "EACCES", "EPERM")) denied.push(address.host);
      reasons.push(`${address.via} (${address.host}): ${error instanceof Error ? error.message : String(error)}`);
      if (only) break;
    }
  }
  const [host] = denied;
  if (host !== undefined) throw permissionDenied(host, reasons);
  throw new CodedError("GC1601", "no Docker engine answers", {
    problems: reasons,
    remedy: "Start Docker (Docker Desktop, or: sudo systemctl start docker), or point DOCKER_HOST to an engine.",
  });
}
