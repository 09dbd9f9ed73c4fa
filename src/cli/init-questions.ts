import { confirm, intro, log, multiselect, note, select, text } from "@clack/prompts";
import { counted } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { INIT_OPTIONS, type InitOptions, problemOfValue, suggestedPort, usualOrganization } from "../init/index.ts";
import { type Survey, surveyFolder, type WorkspaceContext, type WorkspaceResult } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";
import { answerOrBack, askAll, BACK, type Back, openTerminal, type Question, type Terminal } from "./prompts.ts";

type Asked = "domain" | "serverUrl" | "token" | "email" | "organization" | "port";
type Kind = "new" | "existing" | "alone";
type PortIsFree = (port: number, hostIp: string) => Promise<boolean>;

interface Answers {
  readonly kind?: Kind;
  readonly options: InitOptions;
  readonly result?: WorkspaceResult;
}

const AGAIN = "npx glitchtip-compose init";
const stopped = (): CodedError => new CodedError("GC1003", "stopped before anything was written", { remedy: AGAIN });

/** Writes the workspace as the options say; `beforeWrite` sees what would be written. */
type Make = (options: InitOptions, beforeWrite?: WorkspaceContext["beforeWrite"]) => Promise<WorkspaceResult>;

interface InitOnTerminal {
  readonly given: InitOptions;
  readonly portIsFree: PortIsFree;
  readonly make: Make;
  /** Returns the command line that says the same without a question. */
  commandLine(options: InitOptions): string;
  readonly dryRun: boolean;
}

/**
 * Asks for what the options left open, shows what comes of it, and makes it where that is agreed to. Asks nothing where a
 * declaration is there already.
 */
export async function initOnTerminal(
  { dir, env, signal }: CliContext,
  { given, portIsFree, make, commandLine, dryRun }: InitOnTerminal,
): Promise<WorkspaceResult> {
  const survey = surveyFolder(dir);
  if (survey.declared) return await make(given);
  const terminal = openTerminal(signal);
  intro("Set up GlitchTip (Esc goes back, Ctrl-C stops)", terminal);
  const asksPort = !env.GLITCHTIP_PORT && !survey.hasPortVariable;
  const questions = questionsFor({ dir, survey, given, terminal, portIsFree, asksPort });
  const summary: Question<Answers> = {
    applies: () => true,
    async ask({ options }) {
      try {
        const agree = async (preview: WorkspaceResult) => {
          if ((await agreed(preview, commandLine(options), terminal)) === BACK) throw BACK;
        };
        return { result: await make(options, dryRun ? undefined : agree) };
      } catch (error) {
        if (error === BACK) return BACK;
        throw error;
      }
    },
  };
  const said = await askAll([...questions, summary], { options: given });
  if (said === BACK || said.result === undefined) throw stopped();
  return said.result;
}

interface Asking {
  readonly dir: string;
  readonly survey: Survey;
  readonly given: InitOptions;
  readonly terminal: Terminal;
  readonly portIsFree: PortIsFree;
  readonly asksPort: boolean;
}

/** Returns the questions in their order. Each applies where neither an option nor an earlier answer has decided it. */
function questionsFor({ dir, survey, given, terminal, portIsFree, asksPort }: Asking): Question<Answers>[] {
  const { services } = survey;
  const asksServer = !saysWhichServer(given);
  const textOf = (name: Asked, initial?: string): Question<Answers>["ask"] => {
    return async ({ options }, earlier) => {
      const suggested = String(earlier.options[name] ?? initial ?? INIT_OPTIONS[name].question?.suggested ?? "");
      const said = await ask(name, terminal, { suggested });
      return said === BACK ? BACK : { options: { ...options, [name]: said } };
    };
  };
  const isOpen = (name: Asked) => given[name] === undefined;
  const isOwn = ({ kind, options }: Answers) => kind !== "existing" && options.serverUrl === undefined;
  return [
    {
      applies: () => asksServer && !given.noApps,
      ask: ({ options }) => askKind(survey, options, terminal),
    },
    {
      applies: ({ options }) => services.length > 0 && !options.noApps && given.apps === undefined,
      ask: ({ options }, earlier) => askApps(survey, options, earlier.options, terminal),
    },
    { applies: ({ kind }) => kind === "existing", ask: textOf("serverUrl") },
    { applies: ({ kind }) => kind === "existing", ask: textOf("token") },
    { applies: () => isOpen("organization"), ask: textOf("organization", usualOrganization(dir)) },
    { applies: (asked) => isOpen("email") && isOwn(asked), ask: textOf("email") },
    {
      applies: (asked) => asksPort && isOpen("port") && isOpen("domain") && given.url === undefined && isOwn(asked),
      ask: ({ options }, earlier) => askPort(survey, options, earlier.options, { terminal, portIsFree }),
    },
  ];
}

/** Asks which GlitchTip it is about. The first choice is what most people want in such a folder. */
async function askKind(survey: Survey, options: InitOptions, terminal: Terminal): Promise<Partial<Answers> | Back> {
  const { services, things } = survey;
  const hasApps = options.apps !== undefined || options.sample === true;
  const isBare = services.length === 0 && things.length > 0 && !hasApps;
  const app = services.length > 0 || hasApps ? "" : ", with a small sample app";
  const made = { value: "new" as const, label: `A new GlitchTip here${app || ", beside my services"}` };
  const alone = {
    value: "alone" as const,
    label: "A new GlitchTip alone",
    hint: "for programs outside of Compose, too",
  };
  const existing = { value: "existing" as const, label: `A GlitchTip that I already have${app}` };
  const place = isBare ? `No Compose file is here, beside ${things.slice(0, 3).join(", ")}. ` : "";
  const kind = await answerOrBack(
    () =>
      select<Kind>({
        ...terminal,
        message: `${place}Which GlitchTip do you want?`,
        options: [...(isBare ? [alone, made] : [made]), existing, ...(isBare || hasApps ? [] : [alone])],
      }),
    AGAIN,
  );
  if (kind === BACK) return BACK;
  if (kind === "alone") return { kind, options: { ...options, noApps: true } };
  return { kind, options: { ...options, ...(isBare && { sample: true }) } };
}

async function askApps(
  { services, likely }: Survey,
  options: InitOptions,
  earlier: InitOptions,
  terminal: Terminal,
): Promise<Partial<Answers> | Back> {
  for (;;) {
    const chosen = await answerOrBack(
      () =>
        multiselect({
          ...terminal,
          message: "Which services report errors? (none: GlitchTip alone)",
          options: services.map((service) => ({ value: service, label: service })),
          initialValues: earlier.apps === undefined ? [...likely] : Object.keys(earlier.apps),
          required: false,
        }),
      AGAIN,
    );
    if (chosen === BACK) return BACK;
    if (chosen.length === 0) {
      log.warn("No service gets a DSN: GlitchTip alone. Esc goes back to choose one.", terminal);
      return { options: { ...options, noApps: true } };
    }
    const apps = await askProjects(chosen, earlier.apps ?? {}, terminal);
    if (apps !== BACK) return { options: { ...options, apps } };
  }
}

/** Asks for the project of each service; BACK leads to the service before, and from the first one out of here. */
async function askProjects(
  services: readonly string[],
  earlier: Readonly<Record<string, string>>,
  terminal: Terminal,
): Promise<Readonly<Record<string, string>> | Back> {
  const questions = services.map(
    (service): Question<Record<string, string>> => ({
      applies: () => true,
      async ask(_, before) {
        const suggested = before[service] ?? service;
        const message = `Project of ${service}, which holds its issues`;
        const project = await answerOrBack(
          () => text({ ...terminal, message, placeholder: suggested, defaultValue: suggested }),
          AGAIN,
        );
        return project === BACK ? BACK : { [service]: project };
      },
    }),
  );
  const said = await askAll(questions, { ...earlier });
  if (said === BACK) return BACK;
  return Object.fromEntries(services.map((service) => [service, said[service] ?? service]));
}

async function askPort(
  { compose }: Survey,
  options: InitOptions,
  earlier: InitOptions,
  { terminal, portIsFree }: { readonly terminal: Terminal; readonly portIsFree: PortIsFree },
): Promise<Partial<Answers> | Back> {
  const suggested = await suggestedPort({ portIsFree }, options, compose);
  if (suggested?.next === undefined) return { options };
  const { next, takenBy } = suggested;
  const why = takenBy === undefined ? "" : ` (8000 is taken by ${takenBy})`;
  const said = await ask("port", terminal, {
    suggested: String(earlier.port ?? next),
    more: why,
    problemOf: (typed) => suggested.problemOf(Number(typed)),
  });
  if (said === BACK) return BACK;
  // The usual port needs no line in the declaration.
  return { options: { ...options, ...defined({ port: said === "8000" ? undefined : Number(said) }) } };
}

/** Asks under which name GlitchTip is reached in production. */
export async function askDomain({ signal }: CliContext): Promise<string> {
  const said = await ask("domain", openTerminal(signal));
  if (said === BACK) throw stopped();
  return said;
}

/** Asks which of these services gets a DSN. */
export async function askService({ signal }: CliContext, services: readonly string[]): Promise<string> {
  const options = services.map((service) => ({ value: service, label: service }));
  const message = "Which service gets a DSN?";
  const again = "npx glitchtip-compose add";
  const said = await answerOrBack(() => select({ ...openTerminal(signal), message, options }), again);
  if (said === BACK) throw new CodedError("GC1003", "stopped before anything was written", { remedy: again });
  return said;
}

const saysWhichServer = ({ serverUrl, image, url, port, domain }: InitOptions): boolean =>
  [serverUrl, image, url, port, domain].some((option) => option !== undefined);

interface More {
  /** The answer of an Enter alone. */
  readonly suggested?: string;
  /** Stands behind the question. */
  readonly more?: string;
  problemOf?(said: string): string | undefined;
}

/** Asks an option's question; the answer is checked as the option's value would be. */
async function ask(name: Asked, terminal: Terminal, { more = "", problemOf, suggested = "" }: More = {}) {
  const row = INIT_OPTIONS[name];
  const { message = row.flag, placeholder } = row.question ?? {};
  return await answerOrBack(
    () =>
      text({
        ...terminal,
        message: `${message}${more}`,
        ...defined(suggested ? { placeholder: suggested, defaultValue: suggested } : { placeholder }),
        validate(said) {
          const answer = said?.trim() ? said : suggested;
          return answer ? (problemOfValue(row, answer) ?? problemOf?.(answer)) : "This must not be empty.";
        },
      }),
    AGAIN,
  );
}

/** Names the files of the folder, and counts those of .glitchtip. */
function filesText(paths: readonly string[]): string {
  const own = paths.filter((path) => !path.startsWith(".glitchtip/"));
  const others = paths.length - own.length;
  return [...own, ...(others === 0 ? [] : [`${counted(others, "file")} in .glitchtip`])].join(", ");
}

/** Shows what would be written and the command line that says the same. Throws GC1003 for no. */
async function agreed(preview: WorkspaceResult, commandLine: string, terminal: Terminal): Promise<Back | true> {
  const { url, admin, services, created, changed } = preview;
  const lines = [
    ...(url === undefined ? [] : [`GlitchTip at ${url}${admin === undefined ? "" : `, administrator ${admin.email}`}`]),
    ...services.map(({ service, project }) => `${service} reports to project ${project}`),
    ...(services.length === 0 ? ["no app reports to it yet"] : []),
    ...(created.length === 0 ? [] : [`new files: ${filesText(created)}`]),
    ...(changed.length === 0 ? [] : [`changed files: ${filesText(changed)}`]),
  ];
  note(lines.join("\n"), "This will be written", terminal);
  // Without a frame, so that it can be copied.
  terminal.output.write(`│  The same without questions:\n${commandLine}\n`);
  const said = await answerOrBack(
    () => confirm({ ...terminal, message: "Write these files?", initialValue: true }),
    AGAIN,
  );
  if (said === false) throw stopped();
  return said;
}
