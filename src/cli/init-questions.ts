import { stderr, stdin } from "node:process";
import { group, intro, isCancel, multiselect, note, text } from "@clack/prompts";
import { CodedError } from "../base/errors.ts";
import type { InitOptions } from "../operations/init.ts";
import { survey } from "../operations/project/survey.ts";
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
  const answers = await group(
    {
      organization: async () =>
        given.organization ?? text({ ...common, message: "Organization", initialValue: folder, validate: filled }),
      email: async () =>
        given.email ??
        text({
          ...common,
          message: "Administrator's e-mail address",
          initialValue: "admin@example.com",
          validate: filled,
        }),
    },
    {
      onCancel: () => {
        throw stopped();
      },
    },
  );
  return { ...given, ...answers, ...(apps === undefined ? {} : { apps }) };
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
    const project = await text({
      ...common,
      message: `Project of ${service}`,
      initialValue: service,
      validate: filled,
    });
    if (isCancel(project)) throw stopped();
    apps[service] = project;
  }
  return apps;
}
