import { defined } from "../../base/defined.ts";
import type { Declaration } from "../../config/schema.ts";
import { imageOf, type ResolvedServer, resolveServer } from "../../config/server.ts";
import { parseVersion } from "../../glitchtip/upgrade-way.ts";
import { type Generation, generationOf, generationOfVersion } from "../../glitchtip/versions.ts";
import { changesBetween, followUps } from "./changes.ts";
import { checkPostgres, type ObservedPostgres, type PostgresChange, planPostgres } from "./postgres.ts";
import { envChange, type SettingsChange } from "./settings.ts";
import { checkWay, upgradeRefusal } from "./way.ts";

/** What an image on this machine says of itself. */
export interface ImageFacts {
  readonly id: string;
  /** GLITCHTIP_VERSION, which GlitchTip's build sets. */
  readonly version?: string;
}

export interface WantedUpgrade {
  /** An image, or its tag alone. Left out: the image that the declared tag names now. */
  readonly to?: string;
  readonly generation?: Generation;
  /** An image, or its tag alone. */
  readonly postgres?: string;
}

/** What was observed before anything is decided. */
export interface UpgradeSituation {
  readonly declaration: Declaration;
  /** The text of the declaration on disk. */
  readonly declarationText: string;
  readonly env: Readonly<Record<string, string>>;
  /** The text of the file with pinned digests. */
  readonly lock?: string;
  /** The image of the running web container. */
  readonly running?: ImageFacts;
  /** The version of GlitchTip that has migrated the database, where the database tells it. */
  readonly database?: string;
  /** Missing where the database is not part of the stack. */
  readonly postgres?: ObservedPostgres;
  /** Returns undefined for an image that is not on this machine. */
  facts(image: string): ImageFacts | undefined;
}

/** One side of an upgrade. */
export interface GlitchtipVersion {
  readonly image: string;
  readonly version?: string;
  readonly generation: Generation;
}

export interface UpgradePlan {
  readonly from: GlitchtipVersion;
  readonly to: GlitchtipVersion;
  /** A line for each thing that changes in the stack. */
  readonly changes: readonly string[];
  /** What a person may want to do afterwards. */
  readonly afterwards: readonly string[];
  readonly settings: SettingsChange;
  /** Another major of Postgres: the data is dumped and loaded into it. */
  readonly postgres?: PostgresChange;
  /** What is wanted runs already. */
  readonly nothingToDo: boolean;
}

/** Returns the image that .env names, else the declared one. */
export const currentImage = ({ declaration, env }: Pick<UpgradeSituation, "declaration" | "env">): string =>
  env.GLITCHTIP_IMAGE || imageOf(declaration.server);

const withoutDigest = (image: string): string => image.replace(/@.*$/, "");

/** Returns the wanted image without a digest; a tag alone means the same repository. */
export function targetImage(current: string, to: string | undefined): string {
  const name = withoutDigest(current);
  if (to === undefined) return name;
  const isTag = parseVersion(to) !== undefined && !/[/:@]/.test(to);
  return isTag ? `${name.replace(/:[^:/]*$/, "")}:${to}` : to;
}

/** Decides what an upgrade changes. Throws GC1808 where it is not possible, with the steps to take. Pure. */
export function planUpgrade(situation: UpgradeSituation, wanted: WantedUpgrade): UpgradePlan {
  const { declaration } = situation;
  const current = currentImage(situation);
  const target = targetImage(current, wanted.to);
  const facts = situation.facts(target);
  const from = resolved(declaration.server);
  const generation = targetGeneration(target, wanted.generation, facts);
  const to = resolved({ ...declaration.server, image: target, generation });
  const runs = situation.running?.version ?? situation.facts(current)?.version;
  checkWay(target, facts?.version, { image: current, runs, database: situation.database });
  const postgres = wanted.postgres === undefined ? undefined : planPostgres(situation, wanted.postgres);
  checkPostgres(postgres?.to ?? situation.postgres?.major, to.capabilities.leastPostgres, target);
  const isDeclared = withoutDigest(current) === target;
  const isRunning = situation.running === undefined || facts === undefined || situation.running.id === facts.id;
  return defined({
    from: defined({ image: current, version: runs, generation: from.capabilities.generation }),
    to: defined({ image: target, version: facts?.version, generation }),
    changes: [...changesBetween(from, to), ...(postgres?.changes ?? [])],
    afterwards: followUps(from, to),
    settings: settingsFor(situation, target, generation, postgres?.settings),
    postgres: postgres?.change,
    nothingToDo: isDeclared && isRunning && postgres === undefined,
  });
}

/** Returns the generation that was given, or that the tag or the image tells. */
function targetGeneration(target: string, given: Generation | undefined, facts: ImageFacts | undefined): Generation {
  const generation = given ?? generationOf(target)?.generation ?? generationOfVersion(facts?.version ?? "")?.generation;
  if (generation !== undefined) return generation;
  throw upgradeRefusal(`the tag of ${target} does not say which GlitchTip it is`, {
    remedy: "Say it: --generation 6",
  });
}

function settingsFor(
  { declaration, declarationText, env, lock }: UpgradeSituation,
  target: string,
  generation: Generation,
  postgres: Pick<SettingsChange, "declaration" | "env"> = { declaration: [], env: [] },
): SettingsChange {
  const { image = null, generation: stated = null } = declaration.server;
  // The generation is only stated where the tag does not tell it, or where it is stated already.
  const isTold = generationOf(target)?.generation === generation && stated === null;
  return defined({
    text: declarationText,
    declaration: [
      ...postgres.declaration,
      { path: ["server", "image"], before: image, after: target },
      { path: ["server", "generation"], before: stated, after: isTold ? null : generation },
    ],
    env: [...envChange(env, "GLITCHTIP_IMAGE", target), ...postgres.env],
    lock,
  });
}

function resolved(server: Declaration["server"]): ResolvedServer {
  const { server: found, problems } = resolveServer(server);
  if (found !== undefined) return found;
  throw upgradeRefusal(`this stack's declaration does not fit ${imageOf(server)}`, {
    problems: problems.map(({ path, what }) => `${path.join(".")}: ${what}`),
    remedy: "Change it in glitchtip.yaml first.",
  });
}
