import { ENGINES } from "../config/schema.ts";
import { REFERENCE_FORMS } from "../references/reference.ts";
import { NEEDS_SERVER, OWN_STACK_ONLY } from "./option-conditions.ts";
import {
  anyText,
  byServiceRow,
  fileReference,
  type OptionRow,
  oneOf,
  parsePort,
  parseSecretReference,
  parseUrl,
  parseWords,
  type RepeatableRow,
  type SwitchRow,
  type ValueRow,
  valueRow,
} from "./option-row.ts";
import { PRODUCTION_OPTIONS } from "./production-options.ts";
import { type ExpectedSize, parseSize } from "./size.ts";

/**
 * Every option of `init` that says something about the declaration, in the order of --help. A row gives the flag, the
 * declaration's key, the parser and which options it goes with; flags, questions, the new declaration and the comparison
 * with a declaration that is there already all follow from it.
 */
export const INIT_OPTIONS = {
  ...PRODUCTION_OPTIONS,
  serverUrl: valueRow({
    flag: "--server-url <url>",
    help: "the address of an existing GlitchTip; none is started here",
    at: ["server", "url"],
    parse: parseUrl,
    needs: {
      oneOf: ["token", "tokenFile", "adminPassword"],
      problem: "how to sign in: --token env:NAME, --token-file PATH, or --email and --admin-password env:NAME",
    },
    question: { message: "Its URL", placeholder: "https://errors.example.com" },
  }),
  token: valueRow({
    flag: "--token <reference>",
    help: `a reference to an API token for it: ${REFERENCE_FORMS}`,
    at: ["server", "token"],
    secret: true,
    parse: parseSecretReference,
    needs: NEEDS_SERVER,
    question: {
      message: "Where is its API token? env:NAME, file:PATH or vault:MOUNT/PATH#FIELD",
      placeholder: "env:GLITCHTIP_TOKEN",
    },
  }),
  tokenFile: valueRow({
    flag: "--token-file <path>",
    help: "the same as --token file:PATH",
    at: ["server", "token"],
    parse: fileReference,
    needs: NEEDS_SERVER,
    notWith: { option: "token", problem: () => "--token and --token-file both state the token: use one of them" },
  }),
  adminPassword: valueRow({
    flag: "--admin-password <reference>",
    help: "instead of a token: a reference to the password of the account --email",
    at: ["admin", "password"],
    secret: true,
    parse: parseSecretReference,
    needs: NEEDS_SERVER,
  }),
  containerUrl: valueRow({
    flag: "--container-url <url>",
    help: "where containers reach it, such as http://host.docker.internal:8000",
    at: ["server", "containerUrl"],
    parse: parseUrl,
    needs: NEEDS_SERVER,
  }),
  network: valueRow({
    flag: "--network <name>",
    help: "a Docker network to join, if containers reach it there",
    at: ["server", "network"],
    parse: anyText,
    needs: NEEDS_SERVER,
  }),
  caFile: valueRow({
    flag: "--ca-file <path>",
    help: "the certificate authority that signed its certificate (PEM)",
    at: ["server", "ca"],
    parse: fileReference,
    needs: NEEDS_SERVER,
  }),
  apps: byServiceRow({
    flag: "--app <service=project>",
    help: "a service that gets a DSN, and its project; repeatable",
    at: ["apps", "*", "project"],
    form: "SERVICE=PROJECT",
    missing: "the project is missing",
    parse: (project) => project || undefined,
  }),
  noApps: {
    flag: "--no-apps",
    help: "GlitchTip alone: no service gets a DSN, with or without a Compose file",
    notWith: { option: "apps", problem: () => "--no-apps and --app contradict each other" },
  } as SwitchRow,
  sample: {
    flag: "--sample",
    help: "a sample app, also in a folder that is not empty",
    notWith: { option: "noApps", problem: () => "--sample and --no-apps contradict each other" },
  } as SwitchRow,
  entrypoints: byServiceRow({
    flag: "--entrypoint <service=json>",
    help: "the image's entrypoint, if your Compose file states none",
    at: ["apps", "*", "entrypoint"],
    form: 'SERVICE=["WORD","…"]',
    parse: parseWords,
  }),
  commands: byServiceRow({
    flag: "--command <service=json>",
    help: "the image's command, if your Compose file states none",
    at: ["apps", "*", "command"],
    form: 'SERVICE=["WORD","…"]',
    parse: parseWords,
  }),
  email: valueRow({
    flag: "--email <address>",
    help: "the administrator's e-mail address",
    at: ["admin", "email"],
    parse: anyText,
    question: { message: "Administrator's e-mail address", suggested: "admin@example.com" },
  }),
  organization: valueRow({
    flag: "--organization <name>",
    help: "the organization's name; default: the folder's",
    at: ["organization"],
    parse: anyText,
    question: { message: "Organization" },
  }),
  port: valueRow({
    flag: "--port <number>",
    help: "GlitchTip's port on 127.0.0.1; default 8000, or the next one that is free",
    at: ["server", "port"],
    parse: parsePort,
    question: { message: "GlitchTip's port on this machine" },
    notWith: OWN_STACK_ONLY,
  }),
  url: valueRow({
    flag: "--url <url>",
    help: "what browsers use; default http://localhost and the port",
    at: ["server", "url"],
    parse: parseUrl,
    notWith: OWN_STACK_ONLY,
  }),
  image: valueRow({
    flag: "--image <image>",
    help: "GlitchTip's image; default glitchtip/glitchtip:6",
    at: ["server", "image"],
    parse: anyText,
    notWith: OWN_STACK_ONLY,
  }),
  topology: valueRow({
    flag: "--topology <kind>",
    help: "all-in-one, split or single-container",
    at: ["server", "topology"],
    parse: oneOf("all-in-one", "split", "single-container"),
    notWith: OWN_STACK_ONLY,
  }),
  valkey: valueRow({
    flag: "--valkey <kind>",
    help: "off or bundled",
    at: ["server", "valkey"],
    parse: oneOf("off", "bundled"),
    notWith: OWN_STACK_ONLY,
  }),
  registration: valueRow({
    flag: "--registration <state>",
    help: "closed or open",
    at: ["server", "registration"],
    parse: oneOf("closed", "open"),
    notWith: OWN_STACK_ONLY,
  }),
  size: valueRow<ExpectedSize>({
    flag: "--size <events/days>",
    help: "events a day and how long they are kept, such as 50000/90d; sets limits as `size` does",
    parse: parseSize,
    notWith: OWN_STACK_ONLY,
  }),
  service: {
    flag: "--service",
    help: "add the reconcile service, which reports drift, and plans and applies by request (docs/service.md)",
    notWith: OWN_STACK_ONLY,
  } as SwitchRow,
  discovery: valueRow({
    flag: "--discovery <how>",
    help: "how Compose finds the generated file: override (compose.override.yaml) or env (COMPOSE_FILE in .env)",
    parse: oneOf("override", "env"),
  }),
  engine: valueRow({
    flag: "--engine <name>",
    help: "docker or podman; default: the engine that answers",
    at: ["engine"],
    parse: oneOf(...ENGINES),
  }),
  provisioner: valueRow({
    flag: "--provisioner <how>",
    help: "mount, build or image:NAME",
    at: ["provisioner"],
    parse: anyText,
  }),
};

type Rows = typeof INIT_OPTIONS;
type ValueOf<Row> =
  Row extends RepeatableRow<infer Value>
    ? Readonly<Record<string, Value>>
    : Row extends ValueRow<infer Value>
      ? Value
      : boolean;

export type InitOptionName = keyof Rows;

/** What the options of `init` say, parsed. */
export type InitOptions = {
  readonly [Name in InitOptionName]?: ValueOf<Rows[Name]>;
} & { readonly dryRun?: boolean };

export const OPTION_ROWS = Object.entries(INIT_OPTIONS) as readonly (readonly [InitOptionName, OptionRow])[];
