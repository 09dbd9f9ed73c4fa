import { agreeing } from "../base/counted.ts";
import { escaped } from "../compose/interpolate.ts";
import type { TextOrWords, UserService } from "../compose/model.ts";
import { hasOpenQuote, hasVariable, quotedWord, shellWords } from "../compose/shell-words.ts";
import type { AppDeclaration } from "../config/schema.ts";
import type { ImageKnowledge, KnownImage, UnknownStart } from "./model.ts";
import { Refusal } from "./user-services.ts";

/** What a container starts, in Compose's notation. */
export interface Start {
  readonly entrypoint: TextOrWords;
  /** Stated where it would be lost otherwise: Docker drops an image's command when the entrypoint is replaced. */
  readonly command?: readonly string[];
}

type Part = "entrypoint" | "command";

const isEmpty = (value: TextOrWords | undefined): boolean =>
  value === undefined || (typeof value === "string" ? value.trim() === "" : value.length === 0);

/** Whether an app gets no wrapper, so that its start stays as it is. */
const keepsItsStart = ({ inject }: AppDeclaration): boolean => inject === "env-file" || inject === "provider";

/** Returns what only the service's image can tell: neither the Compose files nor the declaration say it. */
export function onlyInImage(app: AppDeclaration, { entrypoint, command }: UserService): Part[] {
  if (keepsItsStart(app)) return [];
  const missing: Part[] = entrypoint === undefined && app.entrypoint === undefined ? ["entrypoint"] : [];
  // A stated command stays, and a stated entrypoint has dropped the command of the image.
  const needsCommand = isEmpty(command) && isEmpty(entrypoint) && app.command === undefined;
  return needsCommand ? [...missing, "command"] : missing;
}

/** Returns what the container starts without the stack. Throws a refusal where that is not known. */
export function startOf(name: string, app: AppDeclaration, service: UserService, images: ImageKnowledge): Start {
  if (service.provider) {
    throw new Refusal("GC1109", `service ${name} is a provider: a program on the host, no container to hand a DSN to`);
  }
  if (keepsItsStart(app)) return { entrypoint: [] };
  const missing = onlyInImage(app, service);
  const image = images.known[name];
  if (missing.length > 0 && image === undefined) throw notKnown(name, missing, service, images);
  const entrypoint =
    service.entrypoint === undefined
      ? (app.entrypoint ?? image?.entrypoint ?? []).map((word) => escaped(word))
      : asWords(name, service.entrypoint);
  if (!isEmpty(service.command) || !isEmpty(service.entrypoint)) return { entrypoint };
  const command = (app.command ?? image?.command)?.map((word) => escaped(word));
  if (isEmpty(entrypoint) && isEmpty(command)) {
    const what = image === undefined ? "it is to start with" : `${imageName(image)} has`;
    throw new Refusal(
      "GC1106",
      `service ${name}: ${what} neither entrypoint nor command; state a command in your Compose file`,
    );
  }
  return command === undefined ? { entrypoint } : { entrypoint, command };
}

const imageName = ({ image }: KnownImage): string => (image === undefined ? "its built image" : `its image ${image}`);

/** Splits a text into words; leaves it to Compose where its variables decide the words or Compose splits in its own way. */
function asWords(name: string, value: TextOrWords): TextOrWords {
  if (typeof value !== "string") return value;
  if (hasOpenQuote(value)) {
    throw new Refusal("GC1106", `service ${name}: entrypoint: ${value} has a quote that is not closed`);
  }
  return (hasVariable(value) ? undefined : shellWords(value)) ?? value;
}

/** Returns the start with the wrapper's words before it: as a list, or as a text that Compose splits as it does today. */
export function startBehind(wrapper: readonly string[], { entrypoint, command }: Start): Start {
  const words = wrapper.map((word) => escaped(word));
  const behind =
    typeof entrypoint === "string"
      ? `${words.map((word) => quotedWord(word)).join(" ")} ${entrypoint}`
      : [...words, ...entrypoint];
  return { entrypoint: behind, ...(command === undefined ? {} : { command }) };
}

const EXAMPLES: Readonly<Record<Part, string>> = {
  entrypoint: '["docker-entrypoint.sh"]',
  command: '["node", "server.js"]',
};

const REASONS: Readonly<Record<UnknownStart, string>> = {
  unbuilt: ", which is not built yet",
  absent: ", which this machine does not have",
  "no engine": ", and no Docker engine answers",
};

function notKnown(
  name: string,
  missing: readonly Part[],
  { image }: UserService,
  { why = {}, stateBy = "declaration", commandLine }: ImageKnowledge,
): Refusal {
  const lines = missing.map((part) => `${part}: ${EXAMPLES[part]}`).join(", ");
  const flags = (start: string) => missing.map((part) => `--${part} '${start}${EXAMPLES[part]}'`).join(" ");
  const reason = why[name];
  const command = commandLine ?? (stateBy === "declaration" ? "npx glitchtip-compose init" : undefined);
  const again = (flag: string) =>
    command === undefined ? `Run the command again with ${flag}.` : `${command} ${flag}`;
  const obtain: Readonly<Record<UnknownStart, string>> = {
    unbuilt: again("--build"),
    absent: again("--pull"),
    "no engine": "Start Docker, then run the command again.",
  };
  const inspected = "what `docker image inspect` shows ([] means none)";
  const state = {
    init: `add ${inspected}: ${flags(`${name}=`)}`,
    add: `add ${inspected}: ${flags("")}`,
    declaration: `add to glitchtip.yaml, under apps.${name}, ${inspected}: ${lines}`,
  }[stateBy];
  const from = image === "" ? "its image, whose name is empty: its variable has no value" : (image ?? "its image");
  return new Refusal(
    "GC1106",
    `service ${name}: ${startParts(missing)} from ${from}${reason === undefined ? "" : REASONS[reason]}`,
    reason === undefined
      ? [state]
      : [obtain[reason], `Or ${reason === "no engine" ? state : stateInCompose(name, missing)}`],
  );
}

/** Says what to state in the Compose file. An entrypoint there makes Compose drop the command of the image. */
function stateInCompose(name: string, missing: readonly Part[]): string {
  const key = missing.includes("entrypoint") ? "entrypoint" : "command";
  const words = missing.includes("command") ? EXAMPLES.command : EXAMPLES.entrypoint;
  return `state in your Compose file what ${name} starts, such as: ${key}: ${words}`;
}

/** Returns "its entrypoint and command come", as the beginning of a sentence about an image. */
export const startParts = (parts: readonly Part[]): string =>
  `its ${parts.join(" and ")} ${agreeing(parts.length, "comes", "come")}`;
