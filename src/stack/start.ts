import type { AppDeclaration } from "../config/schema.ts";
import { escaped } from "./interpolate.ts";
import type { ImageKnowledge, UserService } from "./model.ts";
import { Refusal } from "./refusal.ts";
import { hasOpenQuote, hasVariable, quotedWord, shellWords, type TextOrWords } from "./shell-words.ts";

export interface Start {
  readonly entrypoint: TextOrWords;
  /** Only where it would be lost otherwise: Docker drops an image's command when the entrypoint is replaced. */
  readonly command?: readonly string[];
}

type Part = "entrypoint" | "command";

const isEmpty = (value: TextOrWords | undefined): boolean =>
  value === undefined || (typeof value === "string" ? value.trim() === "" : value.length === 0);

/** Nothing of ours is put in front of its program. */
const startsAsBefore = ({ inject }: AppDeclaration): boolean => inject === "env-file" || inject === "provider";

/** What only the service's image can tell: neither the Compose files nor the declaration do. */
export function onlyInImage(app: AppDeclaration, { entrypoint, command }: UserService): Part[] {
  if (startsAsBefore(app)) return [];
  const missing: Part[] = entrypoint === undefined && app.entrypoint === undefined ? ["entrypoint"] : [];
  // Compose keeps its own command. An entrypoint that is stated and not empty has dropped the image's already.
  const needsCommand = isEmpty(command) && isEmpty(entrypoint) && app.command === undefined;
  return needsCommand ? [...missing, "command"] : missing;
}

/** What the container starts today, in Compose's notation. */
export function startOf(name: string, app: AppDeclaration, service: UserService, images: ImageKnowledge): Start {
  if (service.provider) {
    throw new Refusal("GC1109", `service ${name} is a provider: a program on the host, no container to hand a DSN to`);
  }
  if (startsAsBefore(app)) return { entrypoint: [] };
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
    const what = image === undefined ? "it is to start with" : `its image ${image.image} has`;
    throw new Refusal(
      "GC1106",
      `service ${name}: ${what} neither entrypoint nor command; state a command in your Compose file`,
    );
  }
  return command === undefined ? { entrypoint } : { entrypoint, command };
}

/** A text that Compose would split in a way of its own, or once variables are in, is left to it. */
function asWords(name: string, value: TextOrWords): TextOrWords {
  if (typeof value !== "string") return value;
  if (hasOpenQuote(value)) {
    throw new Refusal("GC1106", `service ${name}: entrypoint: ${value} has a quote that is not closed`);
  }
  return (hasVariable(value) ? undefined : shellWords(value)) ?? value;
}

/** An entrypoint behind ours: a list, or a text that Compose splits as it splits theirs today. */
export function behind(ours: readonly string[], entrypoint: TextOrWords): TextOrWords {
  if (typeof entrypoint !== "string") return [...ours.map((word) => escaped(word)), ...entrypoint];
  return `${ours.map((word) => escaped(quotedWord(word))).join(" ")} ${entrypoint}`;
}

const EXAMPLES: Readonly<Record<Part, string>> = {
  entrypoint: '["docker-entrypoint.sh"]',
  command: '["node", "server.js"]',
};

function notKnown(
  name: string,
  missing: readonly Part[],
  { image }: UserService,
  { why = {}, stateBy = "declaration" }: ImageKnowledge,
): Refusal {
  const lines = missing.map((part) => `${part}: ${EXAMPLES[part]}`).join(", ");
  const flags = (start: string) => missing.map((part) => `--${part} '${start}${EXAMPLES[part]}'`).join(" ");
  const reason = why[name];
  const or = reason === undefined ? "" : "or ";
  const how = {
    init: `type what \`docker image inspect\` shows, [] = none: ${flags(`${name}=`)}`,
    add: `type what \`docker image inspect\` shows, [] = none: ${flags("")}`,
    declaration: `add to glitchtip.yaml, under apps.${name}, what \`docker image inspect\` shows, [] = none: ${lines}`,
  }[stateBy];
  const come = missing.length === 1 ? "comes" : "come";
  const from = image === undefined ? "its image" : `its image ${image}`;
  return new Refusal(
    "GC1106",
    `service ${name}: ${missing.join(" and ")} ${come} from ${from}${reason === undefined ? "" : `, and ${reason}`}; ${or}${how}`,
  );
}
