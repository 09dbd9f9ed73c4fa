import { counted } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { provisionedApps } from "../config/app-sources.ts";
import { type Audience, variablesOf } from "../config/framework-presets.ts";
import type { Declaration } from "../config/schema.ts";
import type { Docker } from "../docker/index.ts";
import { readAnswer } from "../glitchtip/answers.ts";
import { settingsShape } from "../glitchtip/wire/shapes.ts";
import { openHttp } from "../http/client.ts";
import { type RunningStack, remoteEngineHost } from "../running/index.ts";
import { PROVISIONER, SERVER } from "../stack/service-names.ts";

/** An address that DSNs for this machine or for the public have. The provisioner proves the container's alone. */
export interface AudienceAddress {
  readonly audience: Exclude<Audience, "container">;
  readonly url: string;
  /** The apps whose DSN has this address. */
  readonly apps: readonly string[];
  /** Why no GlitchTip answers there, asked from this machine. Missing where one does. */
  readonly problem?: string;
  /** The machine whose address it is, where that is not this one: it was not asked then. */
  readonly of?: string;
}

/** Returns why no GlitchTip answers at this URL; undefined where one does. */
export type AskAddress = (url: string) => Promise<string | undefined>;

const ADDRESSES = { host: "GLITCHTIP_HOST_URL", public: "GLITCHTIP_PUBLIC_URL" } as const;
const ASK_WITHIN_MS = 3_000;

/** Asks each address for the host or the public that an app's DSN has, as Compose resolved it. Empty before the start. */
export async function audienceAddresses(
  docker: Docker,
  declaration: Declaration,
  stack: RunningStack,
  ask: AskAddress,
): Promise<AudienceAddress[]> {
  if (stack.containers.length === 0) return [];
  const environment = stack.config.services[PROVISIONER]?.environment ?? {};
  const found = (["host", "public"] as const).flatMap((audience) => {
    const url = environment[ADDRESSES[audience]] ?? declaration.server.url;
    const apps = appsFor(declaration, stack, audience);
    return url == null || apps.length === 0 ? [] : [{ audience, url, apps }];
  });
  if (found.length === 0) return [];
  const of = remoteEngineHost((await docker.located()).address.host);
  // In production both are the declared address.
  const answers = new Map<string, Promise<string | undefined>>();
  return await Promise.all(
    found.map(async (one) => {
      if (of !== undefined && isLoopback(one.url)) return { ...one, of };
      const answer = answers.get(one.url) ?? ask(one.url);
      answers.set(one.url, answer);
      return { ...one, ...defined({ problem: await answer }) };
    }),
  );
}

const isLoopback = (url: string): boolean => /^(localhost|127\..*|\[::1\])$/.test(new URL(url).hostname);

/** A service in the host's network uses the host's address in place of the container's. */
const appsFor = (declaration: Declaration, { config }: RunningStack, audience: Audience): string[] =>
  Object.entries(provisionedApps(declaration)).flatMap(([app, declared]) => {
    const onHost = config.services[app]?.network_mode === "host";
    const audiences = variablesOf(declared).map((one) =>
      onHost && one.audience === "container" ? "host" : one.audience,
    );
    return audiences.includes(audience) ? [app] : [];
  });

const WHO = { host: "programs on this machine", public: "browsers and others outside" } as const;

/** Returns what to say of an address that does not answer, with what to look at. */
export function addressNotice({ audience, url, apps, problem }: AudienceAddress): string | undefined {
  if (problem === undefined) return undefined;
  const what = `no GlitchTip answers at ${url} from this machine (${problem})`;
  const whose = `${apps.length > 3 ? counted(apps.length, "app") : apps.join(", ")} by ${WHO[audience]}`;
  const fix =
    audience === "host"
      ? `docker compose up -d --wait; where it is published: docker compose port ${SERVER} 8000`
      : "check its DNS, the proxy and server.url";
  return `${what}, the address in the DSN for ${whose}: ${fix}`;
}

/** Returns how to ask an address over the network. Whether browsers accept its certificate is another check's question. */
export function addressAsker(
  { env, signal }: { readonly env: Readonly<Record<string, string | undefined>>; readonly signal: AbortSignal },
  { production, server }: Pick<Declaration, "production" | "server">,
): AskAddress {
  const isPrivate = server.ca !== undefined || (production !== undefined && production.tls.mode !== "auto");
  return async (base) => {
    const http = openHttp({ env, timeoutMs: ASK_WITHIN_MS, keepAlive: false, verifyTls: !isPrivate });
    const url = `${base.replace(/\/+$/, "")}/api/settings/`;
    try {
      const answer = await http.send({ method: "GET", url, headers: { accept: "application/json" } }, signal);
      readAnswer("GET", url, answer, settingsShape);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      return error.message.replace(/^GET \S+?: /, "");
    } finally {
      await http.close();
    }
  };
}
