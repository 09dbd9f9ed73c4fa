import { CodedError } from "../base/errors.ts";
import type { Declaration } from "../config/schema.ts";
import { serverKind } from "../config/server.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** The port on 127.0.0.1, as Compose fills in `${GLITCHTIP_PORT:-PORT}`: the shell's word counts, also where it is empty. */
export function publishedPort(
  { server }: Pick<Declaration, "server">,
  env: Readonly<Record<string, string>>,
  shell: Variables,
): number {
  const inShell = shell.GLITCHTIP_PORT !== undefined;
  const text = inShell ? shell.GLITCHTIP_PORT : env.GLITCHTIP_PORT;
  if (text === undefined || text === "") return server.port;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new CodedError("GC1110", `GLITCHTIP_PORT in ${inShell ? "your shell" : ".env"} is no port: ${text}`, {
    remedy: inShell ? "Unset it there, or give it a number from 1 to 65535." : "Write a number from 1 to 65535.",
  });
}

/** Where people find GlitchTip; undefined where no server is asked. The DSNs for browsers say the same (stack/services.ts). */
export function peoplesUrl({ declaration, port }: { readonly declaration: Declaration; readonly port: number }) {
  if (serverKind(declaration) === "none") return undefined;
  return declaration.server.url ?? `http://localhost:${port}`;
}
