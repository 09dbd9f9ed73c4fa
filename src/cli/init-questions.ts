import { stderr, stdin } from "node:process";
import { intro, isCancel, multiselect, note, text } from "@clack/prompts";
import { CodedError } from "../base/errors.ts";
import type { InitOptions } from "../init/index.ts";
import { parseReference, REFERENCE_FORMS } from "../references/reference.ts";
import { survey } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";

const stopped = () =>
  new CodedError("GC1003", "stopped before anything was written", { remedy: "glitchtip-compose init" });

/** Asks what the flags left open; nothing where a declaration is there already. */
export async function askInit({ dir, signal }: CliContext, given: InitOptions): Promise<InitOptions> {
  const { declared, services, folder } = survey(dir);
  if (declared) return given;
  const common = { input: stdin, output: stderr, signal };
  intro("GlitchTip beside your services", common);
  if (services.length === 0) note("No Compose file here: a small sample app is made.", undefined, common);
  const apps = given.apps ?? (services.length === 0 ? undefined : await askApps(services, common));
  const organization =
    given.organization ??
    (await answer(text({ ...common, message: "Organization", initialValue: folder, validate: filled })));
  const existing = given.existing ?? (isSaid(given) ? undefined : await askServer(common));
  const email = given.email ?? (existing === undefined ? await askEmail(common) : undefined);
  return {
    ...given,
    organization,
    ...(email === undefined ? {} : { email }),
    ...(existing === undefined ? {} : { existing }),
    ...(apps === undefined ? {} : { apps }),
  };
}

async function answer(asked: Promise<string | symbol>): Promise<string> {
  const said = await asked;
  if (typeof said === "symbol") throw stopped();
  return said;
}

const askEmail = (common: Common): Promise<string> =>
  answer(
    text({
      ...common,
      message: "Administrator's e-mail address",
      initialValue: "admin@example.com",
      validate: filled,
    }),
  );

async function askServer(common: Common): Promise<InitOptions["existing"]> {
  const message = "Address of a GlitchTip that is there already (return: a new one in this stack)";
  const url = await answer(text({ ...common, message, defaultValue: "" }));
  if (url === "") return undefined;
  const token = await answer(
    text({
      ...common,
      message: "Its API token, by reference: env:NAME or file:PATH",
      placeholder: "env:GLITCHTIP_TOKEN",
      validate: isReference,
    }),
  );
  return { url, token };
}

/** Whose the server is stands on the command line. */
const isSaid = ({ existing, image, url, port, production }: InitOptions): boolean =>
  [existing, image, url, port, production].some((option) => option !== undefined);

const isReference = (value: string | undefined) =>
  parseReference(value ?? "") === undefined ? `Write ${REFERENCE_FORMS}, not the token itself.` : undefined;

/** Under which name GlitchTip is reached in production. */
export async function askDomain({ signal }: CliContext): Promise<string> {
  const common = { input: stdin, output: stderr, signal };
  const domain = await text({
    ...common,
    message: "Public domain",
    placeholder: "errors.example.com",
    validate: filled,
  });
  if (isCancel(domain)) throw stopped();
  return domain;
}

const filled = (value: string | undefined) => (value?.trim() ? undefined : "This must not be empty.");

type Common = { readonly input: typeof stdin; readonly output: typeof stderr; readonly signal: AbortSignal };

async function askApps(services: readonly string[], common: Common): Promise<Record<string, string>> {
  const chosen = await multiselect({
    ...common,
    message: "Which services report errors? (space selects, return goes on)",
    options: services.map((service) => ({ value: service, label: service })),
    required: true,
  });
  if (isCancel(chosen)) throw stopped();
  const apps: Record<string, string> = {};
  for (const service of chosen) {
    const message = `Project of ${service}`;
    apps[service] = await answer(text({ ...common, message, initialValue: service, validate: filled }));
  }
  return apps;
}
