import { stderr, stdin } from "node:process";
import { intro, isCancel, multiselect, note, select, text } from "@clack/prompts";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { INIT_OPTIONS, type InitOptions, problemOfValue } from "../init/index.ts";
import { surveyFolder } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";

type Terminal = { readonly input: typeof stdin; readonly output: typeof stderr; readonly signal: AbortSignal };
type Asked = "domain" | "serverUrl" | "token" | "email" | "organization";

/** Asks for what the options left open; asks nothing where a declaration is there already. */
export async function askInit({ dir, signal }: CliContext, given: InitOptions): Promise<InitOptions> {
  const { declared, services, things, folder } = surveyFolder(dir);
  if (declared) return given;
  const terminal = { input: stdin, output: stderr, signal };
  intro("Set up GlitchTip", terminal);
  const alone = services.length > 0 || given.sample || given.noApps ? {} : await askWithoutServices(things, terminal);
  const isAsked = services.length > 0 && !given.noApps;
  const chosen = given.apps === undefined && isAsked ? await askApps(services, terminal) : given;
  const organization = given.organization ?? (await ask("organization", terminal, { initialValue: folder }));
  const server = saysWhichServer(given) ? {} : await askServer(terminal);
  const email =
    given.email ?? ((given.serverUrl ?? server.serverUrl) === undefined ? await ask("email", terminal) : undefined);
  return { ...given, ...alone, ...chosen, ...server, ...defined({ organization, email }) };
}

/** Asks what a folder gets that has no Compose file and is not empty; an empty one gets the sample app. */
async function askWithoutServices(things: readonly string[], terminal: Terminal): Promise<InitOptions> {
  if (things.length === 0) {
    note("No Compose file here: a small sample app is made.", undefined, terminal);
    return {};
  }
  const chosen = await answer(
    select({
      ...terminal,
      message: `No Compose file is here, beside ${things.slice(0, 3).join(", ")}. What shall be made?`,
      options: [
        { value: "noApps", label: "GlitchTip alone", hint: "for programs that run on this machine, too" },
        { value: "sample", label: "GlitchTip and a sample app" },
      ],
    }),
  );
  return chosen === "sample" ? { sample: true } : { noApps: true };
}

/** Asks under which name GlitchTip is reached in production. */
export const askDomain = ({ signal }: CliContext): Promise<string> =>
  ask("domain", { input: stdin, output: stderr, signal });

async function askServer(terminal: Terminal): Promise<InitOptions> {
  const serverUrl = await ask("serverUrl", terminal, { defaultValue: "" });
  return serverUrl === "" ? {} : { serverUrl, token: await ask("token", terminal) };
}

const saysWhichServer = ({ serverUrl, image, url, port, domain }: InitOptions): boolean =>
  [serverUrl, image, url, port, domain].some((option) => option !== undefined);

/** Asks an option's question and parses the answer as the option's value. */
async function ask(
  name: Asked,
  terminal: Terminal,
  more: { readonly initialValue?: string; readonly defaultValue?: string } = {},
): Promise<string> {
  const row = INIT_OPTIONS[name];
  const { message = row.flag, ...shown } = row.question ?? {};
  return await answer(
    text({
      ...terminal,
      message,
      ...shown,
      ...more,
      validate: (said) => {
        if (said?.trim()) return problemOfValue(row, said);
        return more.defaultValue === undefined ? "This must not be empty." : undefined;
      },
    }),
  );
}

async function answer<T>(asked: Promise<T>): Promise<Exclude<T, symbol>> {
  const said = await asked;
  if (isCancel(said)) {
    throw new CodedError("GC1003", "stopped before anything was written", { remedy: "npx glitchtip-compose init" });
  }
  return said as Exclude<T, symbol>;
}

async function askApps(services: readonly string[], terminal: Terminal): Promise<Pick<InitOptions, "apps" | "noApps">> {
  const chosen = await answer(
    multiselect({
      ...terminal,
      message: "Which services report errors? (space selects, return goes on; none: GlitchTip alone)",
      options: services.map((service) => ({ value: service, label: service })),
      required: false,
    }),
  );
  if (chosen.length === 0) return { noApps: true };
  const apps: Record<string, string> = {};
  for (const service of chosen) {
    const message = `Project of ${service}`;
    const validate = (said: string | undefined) => (said?.trim() ? undefined : "This must not be empty.");
    apps[service] = await answer(text({ ...terminal, message, initialValue: service, validate }));
  }
  return { apps };
}
