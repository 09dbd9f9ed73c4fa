import type { Audience } from "./audience.ts";
import type { AppDeclaration } from "./schema.ts";

/** A variable of an app's that gets a DSN, and who uses it. */
export interface AppVariable {
  readonly name: string;
  readonly audience: Audience;
}

/**
 * Names as the frameworks' own SDKs and build tools read them. A framework with a browser part has one for each part:
 * what is named PUBLIC goes to browsers, so it needs the public address.
 */
export const PRESETS = {
  vite: { VITE_SENTRY_DSN: "public" },
  next: { SENTRY_DSN: "container", NEXT_PUBLIC_SENTRY_DSN: "public" },
  nuxt: { SENTRY_DSN: "container", NUXT_PUBLIC_SENTRY_DSN: "public" },
  sveltekit: { SENTRY_DSN: "container", PUBLIC_SENTRY_DSN: "public" },
  dotnet: { SENTRY_DSN: "container", ConnectionStrings__glitchtip: "container" },
  spring: { SENTRY_DSN: "container" },
  laravel: { SENTRY_LARAVEL_DSN: "container" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Audience>>>>;

export type Preset = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as [Preset, ...Preset[]];

const USUAL = ["SENTRY_DSN"];

/** The variables that get a DSN: the preset's and the stated ones; SENTRY_DSN where neither is there. */
export function variablesOf({
  preset,
  variables,
  audience,
}: Pick<AppDeclaration, "preset" | "variables" | "audience">): readonly AppVariable[] {
  const stated = variables ?? (preset === undefined ? USUAL : []);
  const named = Array.isArray(stated) ? stated.map((name) => [name, audience] as const) : Object.entries(stated);
  const all = new Map<string, Audience>([...(preset === undefined ? [] : Object.entries(PRESETS[preset])), ...named]);
  return [...all].map(([name, audience]) => ({ name, audience }));
}

export const namesOf = (app: AppDeclaration): string[] => variablesOf(app).map(({ name }) => name);
