import * as z from "zod/mini";
import { isContainedPath } from "../../base/contained-path.ts";
import { AUDIENCES, PRESET_NAMES } from "../framework-presets.ts";
import { described, httpUrl, inJsonSchema, secretReferenceSchema, text, wordList } from "./primitives.ts";

/**
 * How an app gets its DSN: from `with-dsn`, run by the image's shell or by a busybox; from a file that `up` writes and
 * Compose reads; or from this program, which Compose calls as a provider.
 */
const INJECT = ["entrypoint", "busybox", "env-file", "provider"] as const;

export const ON_FAILURE = ["block", "start-without-reporting"] as const;

/** The loader, the shell and Node act on some names, and with-dsn has its own; a list of names is separated by commas. */
const variableName = z.string().check(
  z.regex(/^(?!(?:PATH|LD_[A-Z_]+|IFS|ENV|BASH_ENV|NODE_OPTIONS|PYTHONPATH)$)(?!_gtc_)[^=,\s\0]+$/, {
    error: "must be a variable's name, and none that the system or with-dsn acts on",
  }),
);
const handedOn = text(200);

/** The parts of a DSN, as a pipeline may keep them. */
const dsnPartsSchema = z.strictObject({
  url: described(httpUrl, "Where the app reaches that GlitchTip."),
  key: described(
    secretReferenceSchema,
    "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of the public key, 32 hex digits.",
  ),
  projectId: described(
    z.union([
      z.int().check(z.positive()),
      z.string().check(z.regex(/^\d+$|^[a-z]+:.+$/, { error: "must be a number, file:PATH or env:NAME" })),
    ]),
    "The project's number, or file:PATH or env:NAME of it.",
  ),
});

/** States the rule of `isContainedPath` as a pattern. */
const PATH_PART = "(?!\\.{1,2}(?:/|$))[^/\\\\\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]+";

export const appSchema = z.strictObject({
  project: described(z.optional(z.string()), "A key of `projects`. Left out where `dsn` is given."),
  dsn: described(
    z.optional(z.union([secretReferenceSchema, dsnPartsSchema])),
    "A DSN of your own instead of a project: file:PATH, env:NAME or vault:MOUNT/PATH#FIELD, or a map with `url`, `key` and `projectId`. Empty = the app runs without reporting.",
  ),
  audience: described(z._default(z.enum(AUDIENCES), "container"), "Who uses the DSN."),
  preset: described(
    z.optional(z.enum(PRESET_NAMES)),
    "The names that a framework reads, each with its audience. `variables` adds to them.",
  ),
  variables: described(
    z.optional(
      z.union([
        z.array(variableName).check(z.minLength(1)),
        z.record(variableName, z.enum(AUDIENCES)).check(
          z.refine((names) => Object.keys(names).length > 0, { error: "must have at least 1 name" }),
          inJsonSchema({ minProperties: 1 }),
        ),
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
    "How the DSN gets in: by the image's own shell; by a static busybox for an image without one; by an env_file that `npx glitchtip-compose up` writes; by a Compose provider, for a server that runs already (the variable is then GLITCHTIP_SENTRY_DSN).",
  ),
  entrypoint: described(
    z.optional(wordList),
    "The image's entrypoint, if the Compose file does not state one. [] means none.",
  ),
  command: described(
    z.optional(wordList),
    "The image's command, if the Compose file does not state one. [] means none.",
  ),
  host: described(
    z.optional(z.boolean()),
    "A program on this machine, outside of Compose, instead of a service: it reads its DSN from `dotenv`.",
  ),
  dotenv: described(
    z.optional(
      z
        .string()
        .check(
          z.refine(isContainedPath, { error: "must be the path of a file in this folder" }),
          inJsonSchema({ pattern: `^(?![A-Za-z]:)${PATH_PART}(?:/${PATH_PART})*$` }),
        ),
    ),
    "With `host`: the file, such as .env.local, in which `up` and `provision` keep the lines with the DSN.",
  ),
  onFailure: described(z.optional(z.enum(ON_FAILURE)), "As `onFailure` below, for this app."),
});
