import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError, type ErrorCode } from "../base/errors.ts";
import type { UserProject, UserService } from "../compose/model.ts";

/** Why a service of the user's cannot be changed as the declaration asks. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  /** What to type, one way a line; empty where the remedy of all refusals is enough. */
  readonly fixes: readonly string[];
  constructor(code: ErrorCode, message: string, fixes: readonly string[] = []) {
    super(message);
    this.code = code;
    this.fixes = fixes;
  }
}

/** Calls `change` for each service. Throws the refusals of all of them as one error. */
export function eachService(services: Iterable<string>, change: (name: string) => void, isDeclared = true): void {
  const refusals: Refusal[] = [];
  for (const name of services) {
    try {
      change(name);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals.push(error);
    }
  }
  const [first] = refusals;
  if (first === undefined) return;
  const remedy = `Change ${isDeclared ? "glitchtip.yaml" : "what you typed"} or your Compose file, then run the command again.`;
  if (refusals.length === 1) {
    const lines = first.fixes.slice(0, -1).map((fix) => `→ ${fix}`);
    throw new CodedError(first.code, first.message, { problems: lines, remedy: first.fixes.at(-1) ?? remedy });
  }
  const problems = refusals.flatMap(({ message, fixes }) => [message, ...fixes.map((fix) => `→ ${fix}`)]);
  throw new CodedError(first.code, `${refusals.length} services cannot be given a DSN`, { problems, remedy });
}

/** Returns a service of the user's Compose files. Throws a refusal where it is not known. */
export function userService(name: string, { services, elsewhere = [] }: UserProject): UserService {
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service?.elsewhere !== undefined) throw onlyComposeKnows(name, [service.elsewhere]);
  if (service !== undefined) return service;
  if (elsewhere.length > 0) throw onlyComposeKnows(name, elsewhere);
  const names = Object.keys(services);
  const has = `it has ${names.join(", ") || "none"}`;
  throw new Refusal("GC1104", `there is no service "${name}" in your Compose file (${has})${didYouMean(name, names)}`);
}

const onlyComposeKnows = (name: string, elsewhere: readonly string[]): Refusal =>
  new Refusal(
    "GC1103",
    `service ${name} is not known from the files here: ${elsewhere.join("; ")}, which only docker compose reads. Run it where docker compose works, or keep a copy of that file here`,
  );

/** How an app reaches GlitchTip. */
export interface NetworkPlace {
  /** Whether it is in the host's network and uses the published port, as programs of the host do. */
  readonly onHost: boolean;
  /** The service whose network it shares: that one has to join GlitchTip's network. */
  readonly carrier?: string;
}

const SHARED = "service:";

/** Throws a refusal for a network mode that cannot reach GlitchTip. */
export function networkPlaceOf(name: string, { networkMode }: UserService, user: UserProject): NetworkPlace {
  let mode = networkMode;
  let carrier: string | undefined;
  // This ends, because services that share networks in a circle have been refused.
  while (mode?.startsWith(SHARED)) {
    carrier = mode.slice(SHARED.length);
    mode = user.services[carrier]?.networkMode;
  }
  if (mode === "host") return { onHost: true };
  if (mode === undefined) return carrier === undefined ? { onHost: false } : { onHost: false, carrier };
  const whose =
    carrier === undefined ? `service ${name} has` : `service ${name} shares the network of ${carrier}, which has`;
  throw new Refusal(
    "GC1109",
    `${whose} network_mode: ${mode}, so it cannot reach GlitchTip; remove that line or use host`,
  );
}

/** The networks to add to a service. A service that names any network leaves `default`, where it is as long as it names none. */
export const networksWith = ({ networks }: UserService, network: string): string[] =>
  networks.some((name) => name !== "default") ? [network] : ["default", network];
