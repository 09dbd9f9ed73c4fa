import { DEFAULT_POSTGRES, postgresMajor } from "../../config/postgres-image.ts";
import type { Declaration } from "../../config/schema.ts";
import { refused } from "./refused.ts";
import { imageLine, type Settings } from "./settings.ts";

/** The stack's own Postgres as it is. */
export interface PostgresNow {
  readonly image: string;
  /** As the server says it, or its tag. */
  readonly major?: number;
  /** Names of volumes that are there, without the project's own. */
  readonly volumes: readonly string[];
  /** Of an image that is on this machine. */
  majorOf(image: string): number | undefined;
}

export interface PostgresChange {
  readonly from: string;
  readonly to: string;
  readonly volume: string;
}

interface PostgresPlan {
  readonly to: number;
  readonly change?: PostgresChange;
  readonly changes: readonly string[];
  readonly settings: Pick<Settings, "declaration" | "env">;
}

interface PostgresSituation {
  readonly declaration: Declaration;
  readonly env: Readonly<Record<string, string>>;
  readonly postgres?: PostgresNow;
}

/** The image by .env, by the declaration, or ours. */
export const currentPostgres = ({ declaration, env }: Omit<PostgresSituation, "postgres">): string =>
  env.GLITCHTIP_POSTGRES_IMAGE || (declaration.server.postgres?.image ?? DEFAULT_POSTGRES);

/** A tag alone is one of the same repository. */
export const targetPostgres = (current: string, wanted: string): string =>
  /^\d[\w.-]*$/.test(wanted) ? `${current.replace(/@.*$/, "").replace(/:[^:/]*$/, "")}:${wanted}` : wanted;

/** Undefined where it is the one that is there. Throws GC1808 where there is no way. */
export function planPostgres(
  { declaration, env, postgres }: PostgresSituation,
  wanted: string,
): PostgresPlan | undefined {
  if (postgres === undefined) {
    throw refused("the database of this stack is one of yours", { remedy: "Upgrade it where it is." });
  }
  const { image: from, major, volumes, majorOf } = postgres;
  const image = targetPostgres(from, wanted);
  const to = majorOf(image) ?? postgresMajor(image);
  if (image === from) return undefined;
  if (major === undefined || to === undefined) {
    const unknown = major === undefined ? from : image;
    throw refused(`the major of ${unknown} is not known`, {
      remedy: "Take a tag that begins with it, such as postgres:18, and start the database.",
    });
  }
  if (to < major) {
    throw refused(`${image} is older than ${major}, which has the data, and cannot read its dumps`, {
      remedy: "Take one that is as new.",
    });
  }
  const before = declaration.server.postgres;
  const volume = to === major ? undefined : freeVolume(to, volumes);
  const after = { ...before, image, ...(volume === undefined ? {} : { volume }) };
  return {
    to,
    ...(volume === undefined ? {} : { change: { from, to: image, volume } }),
    changes: [
      `Postgres: ${from} → ${image}`,
      ...(volume === undefined
        ? []
        : [`its data goes by a dump into volume ${volume}; ${before?.volume ?? "glitchtip-db"} stays as it is`]),
    ],
    settings: {
      declaration: [
        { path: ["server", "postgres"], before: before === undefined ? null : stated(before), after: stated(after) },
      ],
      env: imageLine(env, "GLITCHTIP_POSTGRES_IMAGE", image),
    },
  };
}

const stated = (keys: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(keys).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));

/** One that nobody has, not even an earlier try. */
function freeVolume(major: number, taken: readonly string[]): string {
  const name = `glitchtip-db-${major}`;
  for (let number = 1; ; number++) {
    const one = number === 1 ? name : `${name}-${number}`;
    if (!taken.includes(one)) return one;
  }
}

/** Throws GC1808 where this GlitchTip needs a later one. */
export function checkPostgres(major: number | undefined, least: number, image: string): void {
  if (major === undefined || major >= least) return;
  throw refused(`${image} needs Postgres ${least} or newer, and this stack has ${major}`, {
    remedy: `Both at once: glitchtip-compose upgrade --to ${image} --postgres ${DEFAULT_POSTGRES}.`,
  });
}
