import * as z from "zod/mini";
import { PRESET_NAMES } from "./app-variables.ts";

/**
 * The declaration, glitchtip.yaml: the one source of names, defaults, validation and reference.
 * Descriptions are what editors and docs/declaration.md show.
 */
const described = <T extends z.ZodMiniType>(schema: T, description: string): T => schema.check(z.describe(description));

/** GlitchTip's own limits: projects scenario (64 characters), teams scenario (the slug's alphabet). */
const PROJECT_NAME_LONGEST = 64;
const TEAM_SLUG = /^[A-Za-z0-9_-]{1,50}$/;

const text = (longest: number) =>
  z.string().check(
    z.refine((value) => value.trim() !== "", { error: "must not be blank" }),
    z.refine((value) => [...value].length <= longest, { error: `must have at most ${longest} characters` }),
    z.refine((value) => !/[\u0000-\u001f\u007f]/.test(value), { error: "must not contain control characters" }),
    // Things are remembered by name, and no object can have this key.
    z.refine((value) => value !== "__proto__", { error: "must be another name" }),
  );

const httpUrl = z.string().check(
  z.refine((value) => /^https?:\/\/[^/\s@]+(\/[^\s?#]*)?$/.test(value) && URL.canParse(value), {
    error: "must be an http:// or https:// address without user, query or fragment",
  }),
);

const secretReference = z
  .string()
  .check(
    z.regex(/^(file|env):.+$/, { error: "must be file:PATH or env:NAME; a password itself has no place in this file" }),
  );

const words = z
  .array(z.string())
  .check(z.refine((list) => !list.some((word) => word.includes("\0")), { error: "must not contain NUL" }));

/** Who uses a DSN: inside the Compose network, on the host by the published port, or a browser by the public address. */
export const AUDIENCES = ["container", "host", "public"] as const;
export type Audience = (typeof AUDIENCES)[number];

/** By `with-dsn`, which the image's shell runs or a busybox from a volume; or by Compose, from a file that `up` writes. */
export const INJECT = ["entrypoint", "busybox", "env-file"] as const;

export const ON_FAILURE = ["block", "start-without-reporting"] as const;

const retention = z.strictObject({
  events: described(
    z.optional(z.string().check(z.regex(/^[1-9]\d{0,3}d$/, { error: "must be a number of days such as 90d" }))),
    "How long events are kept, in days: 90d.",
  ),
});

/** A whole address holds a password: it comes from elsewhere, and its special characters are percent-encoded in it. */
const ownService = z.strictObject({
  url: described(secretReference, "file:PATH or env:NAME of its address; special characters in it percent-encoded."),
  service: described(z.optional(z.string()), "The service of your Compose file that it is, where it is one."),
});

const server = z.strictObject({
  image: described(
    z._default(z.string().check(z.minLength(1)), "glitchtip/glitchtip:6"),
    "GlitchTip's image with its tag.",
  ),
  generation: described(
    z.optional(z.enum(["4.1", "5.1", "5.2", "6"])),
    "Which GlitchTip this is, where the image's tag does not tell (a digest, an own build).",
  ),
  url: described(
    z.optional(httpUrl),
    "What browsers and people use. Default: http://localhost and the published port.",
  ),
  port: described(
    z._default(z.int().check(z.minimum(1), z.maximum(65535)), 8000),
    "The port on 127.0.0.1; GLITCHTIP_PORT in .env wins.",
  ),
  topology: described(
    z.optional(z.enum(["all-in-one", "split"])),
    "One container, or web and worker apart. Default: all-in-one from generation 6 on, split before.",
  ),
  database: described(
    z._default(z.union([z.literal("bundled"), ownService]), "bundled"),
    "Where the data lives: Postgres in this stack, or a map with `url` (and `service`) of your own.",
  ),
  valkey: described(
    z.optional(z.union([z.enum(["off", "bundled"]), ownService])),
    "A Valkey beside it, or a map with `url` (and `service`) of your own. Default: off; bundled for 5.1 and older, which need it.",
  ),
  registration: described(z._default(z.enum(["closed", "open"]), "closed"), "Whether strangers may make an account."),
  retention: described(z.optional(retention), "How long data is kept."),
});

const admin = z.strictObject({
  email: described(
    z.string().check(z.regex(/^[^\s@]+@[^\s@]+$/, { error: "must be an e-mail address" }), z.maxLength(254)),
    "The superuser's address.",
  ),
  password: described(z.optional(secretReference), "file:PATH or env:NAME. Default: a generated secret."),
});

const project = z.strictObject({
  name: described(z.optional(text(PROJECT_NAME_LONGEST)), "Shown in GlitchTip. Default: the key."),
  team: described(
    z._default(
      z.string().check(z.regex(TEAM_SLUG, { error: "must be 1 to 50 letters, digits, - or _" })),
      "developers",
    ),
    "The team's slug.",
  ),
  platform: described(z.optional(text(64)), "For example node-express; GlitchTip shows matching set-up help."),
});

const variableName = z.string().check(z.regex(/^[^=\s\0]+$/, { error: "must be a variable's name" }));
const handedOn = text(200);

const app = z.strictObject({
  project: described(z.string(), "A key of `projects`."),
  audience: described(z._default(z.enum(AUDIENCES), "container"), "Who uses the DSN."),
  preset: described(
    z.optional(z.enum(PRESET_NAMES)),
    "The names that a framework reads, each with its audience. `variables` adds to them.",
  ),
  variables: described(
    z.optional(
      z.union([
        z.array(variableName).check(z.minLength(1)),
        z
          .record(variableName, z.enum(AUDIENCES))
          .check(z.refine((names) => Object.keys(names).length > 0, { error: "must have at least 1 name" })),
      ]),
    ),
    "Names of the variables that get the DSN, or a map of names to audiences. Default: SENTRY_DSN.",
  ),
  environment: described(z.optional(handedOn), "Passed on as SENTRY_ENVIRONMENT. Compose puts its variables in."),
  release: described(
    z.optional(handedOn),
    "Passed on as SENTRY_RELEASE. Compose puts its variables in, such as $GIT_SHA.",
  ),
  sampleRate: described(
    z.optional(z.number().check(z.minimum(0), z.maximum(1))),
    "Passed on as SENTRY_TRACES_SAMPLE_RATE: 0 to 1.",
  ),
  inject: described(
    z._default(z.enum(INJECT), "entrypoint"),
    "How the DSN gets in: by the image's own shell; by a static busybox for an image without one; by an env_file that `glitchtip-compose up` writes.",
  ),
  entrypoint: described(
    z.optional(words),
    "The image's entrypoint, where the Compose file does not state one. [] = none.",
  ),
  command: described(z.optional(words), "The image's command, where the Compose file does not state one. [] = none."),
  onFailure: described(z.optional(z.enum(ON_FAILURE)), "As `onFailure` below, for this app."),
});

export const declarationSchema = z.strictObject({
  version: described(z.literal(1), "Of this file's format."),
  server: described(z.prefault(server, {}), "The GlitchTip of this stack."),
  admin,
  organization: described(text(200), "The organization's name."),
  projects: described(z.record(text(PROJECT_NAME_LONGEST), z.prefault(project, {})), "By name."),
  apps: described(z._default(z.record(z.string(), app), {}), "By the service's name in your Compose file."),
  provisioner: described(
    z.optional(z.string().check(z.regex(/^(mount|build|image:\S+)$/, { error: "must be mount, build or image:NAME" }))),
    "Where the provisioner runs from: the Node image with a file mounted (default), a built image, or a ready one.",
  ),
  onFailure: described(
    z._default(z.enum(ON_FAILURE), "block"),
    "What an app does when there has never been a DSN and none comes in time.",
  ),
});

export type Declaration = z.infer<typeof declarationSchema>;
export type AppDeclaration = Declaration["apps"][string];
