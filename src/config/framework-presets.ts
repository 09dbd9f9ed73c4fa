import type { AppDeclaration } from "./schema.ts";

/** Who uses a DSN: a container (by the Compose network), a program of the host (by the published port), the public (by the public address). */
export const AUDIENCES = ["container", "host", "public"] as const;
export type Audience = (typeof AUDIENCES)[number];

/**
 * The variables that each framework's SDK and build tool read, and their audiences. A framework with a part for browsers
 * has one variable for each part: what is named PUBLIC goes to browsers and needs the public address.
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

type Preset = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as [Preset, ...Preset[]];

const DEFAULT_VARIABLES = ["SENTRY_DSN"];

/** An environment variable that gets an app's DSN. */
export interface AppVariable {
  readonly name: string;
  readonly audience: Audience;
}

/** Returns the variables of an app that get a DSN: those of its preset and the declared ones, or SENTRY_DSN. */
export function variablesOf({
  preset,
  variables,
  audience,
  host,
}: Pick<AppDeclaration, "preset" | "variables" | "audience" | "host">): readonly AppVariable[] {
  const stated = variables ?? (preset === undefined ? DEFAULT_VARIABLES : []);
  const named = Array.isArray(stated) ? stated.map((name) => [name, audience] as const) : Object.entries(stated);
  const all = new Map<string, Audience>([...(preset === undefined ? [] : Object.entries(PRESETS[preset])), ...named]);
  // A program on this machine is in no container.
  const audienceOf = (one: Audience) => (host && one === "container" ? "host" : one);
  return [...all].map(([name, one]) => ({ name, audience: audienceOf(one) }));
}

/** Returns whether one of the app's variables gets a DSN with this audience's address. */
export const hasAudience = (app: AppDeclaration, audience: Audience): boolean =>
  variablesOf(app).some((variable) => variable.audience === audience);

export const namesOf = (app: AppDeclaration): string[] => variablesOf(app).map(({ name }) => name);
