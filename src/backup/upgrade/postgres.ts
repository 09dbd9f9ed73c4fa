import { defined } from "../../base/defined.ts";
import { DEFAULT_POSTGRES_IMAGE } from "../../config/defaults.ts";
import { postgresMajor } from "../../config/postgres.ts";
import type { Declaration } from "../../config/schema.ts";
import { envChange, type SettingsChange } from "./settings.ts";
import { upgradeRefusal } from "./way.ts";

/** The stack's own Postgres. */
export interface ObservedPostgres {
  readonly image: string;
  /** The server's answer, or what the tag says. */
  readonly major?: number;
  /** Names of the Compose project's volumes, without its prefix. */
  readonly volumes: readonly string[];
  /** Returns the major of an image that is on this machine. */
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
  readonly settings: Pick<SettingsChange, "declaration" | "env">;
}

interface PostgresSituation {
  readonly declaration: Declaration;
  readonly env: Readonly<Record<string, string>>;
  readonly postgres?: ObservedPostgres;
}

/** Returns the image that .env names, else the declared one, else the default. */
export const currentPostgres = ({ declaration, env }: Omit<PostgresSituation, "postgres">): string =>
  env.GLITCHTIP_POSTGRES_IMAGE || (declaration.server.postgres?.image ?? DEFAULT_POSTGRES_IMAGE);

/** Returns the wanted image; a tag alone means the same repository. */
export const targetPostgres = (current: string, wanted: string): string =>
  /^\d[\w.-]*$/.test(wanted) ? `${current.replace(/@.*$/, "").replace(/:[^:/]*$/, "")}:${wanted}` : wanted;

/** Plans the change to another Postgres; undefined where nothing changes. Throws GC1808 where it cannot be upgraded. */
export function planPostgres(
  { declaration, env, postgres }: PostgresSituation,
  wanted: string,
): PostgresPlan | undefined {
  if (postgres === undefined) {
    throw upgradeRefusal("the database of this stack is one of yours", { remedy: "Upgrade it where it is." });
  }
  const { image: from, major, volumes, majorOf } = postgres;
  const image = targetPostgres(from, wanted);
  const to = majorOf(image) ?? postgresMajor(image);
  if (image === from) return undefined;
  if (major === undefined || to === undefined) {
    const unknown = major === undefined ? from : image;
    throw upgradeRefusal(`the Postgres major of ${unknown} is not known`, {
      remedy: "Take a tag that begins with the major, such as postgres:18, and start the database.",
    });
  }
  if (to < major) {
    throw upgradeRefusal(`${image} is older than Postgres ${major}, which has the data, and cannot read its dumps`, {
      remedy: "Use an image of that major or a newer one.",
    });
  }
  const before = declaration.server.postgres;
  const volume = to === major ? undefined : freeVolume(to, volumes);
  const after = { ...before, image, ...defined({ volume }) };
  return defined({
    to,
    change: volume === undefined ? undefined : { from, to: image, volume },
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
      env: envChange(env, "GLITCHTIP_POSTGRES_IMAGE", image),
    },
  });
}

const stated = (keys: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(keys).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));

/** Returns the name of a volume that does not exist, not even of an earlier attempt. */
function freeVolume(major: number, taken: readonly string[]): string {
  const name = `glitchtip-db-${major}`;
  for (let number = 1; ; number++) {
    const one = number === 1 ? name : `${name}-${number}`;
    if (!taken.includes(one)) return one;
  }
}

/** Throws GC1808 where this GlitchTip needs a newer major. */
export function checkPostgres(major: number | undefined, least: number, image: string): void {
  if (major === undefined || major >= least) return;
  throw upgradeRefusal(`${image} needs Postgres ${least} or newer, and this stack has ${major}`, {
    remedy: `Both at once: npx glitchtip-compose upgrade --to ${image} --postgres ${DEFAULT_POSTGRES_IMAGE}.`,
  });
}
