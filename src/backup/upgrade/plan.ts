import type { Declaration } from "../../config/schema.ts";
import { imageOf, type ResolvedServer, resolveServer } from "../../config/server.ts";
import { parseVersion } from "../../glitchtip/upgrade-way.ts";
import { type Generation, generationOf, generationOfVersion } from "../../glitchtip/versions.ts";
import { afterwardsOf, changesBetween } from "./changes.ts";
import { checkPostgres, type PostgresChange, type PostgresNow, planPostgres } from "./postgres.ts";
import { refused } from "./refused.ts";
import { imageLine, type Settings } from "./settings.ts";
import { checkWay } from "./way.ts";

/** What an image says of itself, where the engine has it. */
export interface ImageFacts {
  readonly id: string;
  /** GLITCHTIP_VERSION, which GlitchTip's build sets. */
  readonly version?: string;
}

export interface Wanted {
  /** An image, or its tag alone; left out: what the declared tag stands for now. */
  readonly to?: string;
  readonly generation?: Generation;
  /** An image, or its tag alone. */
  readonly postgres?: string;
}

/** What is known before anything is decided. */
export interface Situation {
  readonly declaration: Declaration;
  /** As it is on disk. */
  readonly declarationText: string;
  readonly env: Readonly<Record<string, string>>;
  readonly lock?: string;
  /** Of the running web container, as far as there is one. */
  readonly running?: ImageFacts;
  /** The version that has migrated the database, where that can be asked. */
  readonly database?: string;
  /** Of the stack's own Postgres. */
  readonly postgres?: PostgresNow;
  facts(image: string): ImageFacts | undefined;
}

export interface Side {
  readonly image: string;
  readonly version?: string;
  readonly generation: Generation;
}

export interface UpgradePlan {
  readonly from: Side;
  readonly to: Side;
  readonly changes: readonly string[];
  readonly afterwards: readonly string[];
  readonly settings: Settings;
  /** Another major of it: the data goes there by a dump. */
  readonly postgres?: PostgresChange;
  /** What runs is what is wanted. */
  readonly nothingToDo: boolean;
}

/** The image that runs by the declaration and .env, which wins. */
export const currentImage = ({ declaration, env }: Pick<Situation, "declaration" | "env">): string =>
  env.GLITCHTIP_IMAGE || imageOf(declaration.server);

/** A tag alone is one of the same repository. */
export function targetImage(current: string, to: string | undefined): string {
  const name = current.replace(/@.*$/, "");
  if (to === undefined) return name;
  const bare = parseVersion(to) !== undefined && !/[/:@]/.test(to);
  return bare ? `${name.replace(/:[^:/]*$/, "")}:${to}` : to;
}

/** Decides the step, or throws GC1808 with the way. Pure. */
export function planUpgrade(situation: Situation, wanted: Wanted): UpgradePlan {
  const { declaration, env } = situation;
  const current = currentImage(situation);
  const target = targetImage(current, wanted.to);
  const facts = situation.facts(target);
  const from = resolved(declaration.server);
  const told = generationOf(target)?.generation;
  const generation = wanted.generation ?? told ?? generationOfVersion(facts?.version ?? "")?.generation;
  if (generation === undefined) {
    throw refused(`the tag of ${target} does not tell which GlitchTip it is`, {
      remedy: "Say it: --generation 6",
    });
  }
  const server = { ...declaration.server, image: target, generation };
  const to = resolved(server);
  const runs = situation.running?.version ?? situation.facts(current)?.version;
  checkWay(target, facts?.version, { image: current, runs, database: situation.database });
  const postgres = wanted.postgres === undefined ? undefined : planPostgres(situation, wanted.postgres);
  checkPostgres(postgres?.to ?? situation.postgres?.major, to.capabilities.leastPostgres, target);
  const settings: Settings = {
    text: situation.declarationText,
    declaration: [
      ...(postgres?.settings.declaration ?? []),
      { path: ["server", "image"], before: declaration.server.image ?? null, after: target },
      {
        path: ["server", "generation"],
        before: declaration.server.generation ?? null,
        // One that is stated stays stated.
        after: told === generation && declaration.server.generation === undefined ? null : generation,
      },
    ],
    env: [...imageLine(env, "GLITCHTIP_IMAGE", target), ...(postgres?.settings.env ?? [])],
    ...(situation.lock === undefined ? {} : { lock: situation.lock }),
  };
  const isSame = current.replace(/@.*$/, "") === target;
  const isRunning = situation.running === undefined || facts === undefined || situation.running.id === facts.id;
  return {
    from: side(current, runs, from.capabilities.generation),
    to: side(target, facts?.version, generation),
    changes: [...changesBetween(from, to), ...(postgres?.changes ?? [])],
    afterwards: afterwardsOf(from, to),
    settings,
    ...(postgres?.change === undefined ? {} : { postgres: postgres.change }),
    nothingToDo: isSame && isRunning && postgres === undefined,
  };
}

const side = (image: string, version: string | undefined, generation: Generation): Side => ({
  image,
  ...(version === undefined ? {} : { version }),
  generation,
});

function resolved(server: Declaration["server"]): ResolvedServer {
  const { server: found, problems } = resolveServer(server);
  if (found !== undefined) return found;
  throw refused(`this stack's declaration does not go with ${imageOf(server)}`, {
    problems: problems.map(({ path, what }) => `${path.join(".")}: ${what}`),
    remedy: "Change it in glitchtip.yaml first.",
  });
}
