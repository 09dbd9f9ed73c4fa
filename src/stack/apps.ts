import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError, type ErrorCode } from "../base/errors.ts";
import { type AppVariable, namesOf, variablesOf } from "../config/app-variables.ts";
import type { AppDeclaration, Declaration } from "../config/schema.ts";
import type { ComposeService, UserProject, UserService } from "./model.ts";
import { addressesOf, escaped } from "./services.ts";
import { hasVariable, shellWords, type TextOrWords } from "./shell-words.ts";

/** Where the wrapper is put in an app's container. */
const WRAPPER = "/glitchtip-with-dsn";
export const WRAPPER_CONFIG = "glitchtip-with-dsn";
export const DSN_VOLUME = "glitchtip-dsn";
/** When an app starts, the provisioner has ended: what is not there then does not come. `up --wait` waits this long, too. */
const WAIT_S = 5;

export interface AppOverlays {
  /** By service: what our file adds to the user's. */
  readonly services: Readonly<Record<string, ComposeService>>;
  /** With the audience `host` for services in the host's network. */
  readonly apps: Declaration["apps"];
  /** Whether some app takes the wrapper as an inline config, or as a file. */
  readonly wrapper: { readonly inline: boolean; readonly file: boolean };
  readonly warnings: readonly string[];
}

class Refusal extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The lines that give each app its DSN. Throws with all problems of all apps. */
export function overlayApps({ apps, onFailure, server }: Declaration, user: UserProject): AppOverlays {
  const addresses = addressesOf(server);
  const services: Record<string, ComposeService> = {};
  const resolved: Declaration["apps"] = {};
  const warnings: string[] = [];
  const refusals: Refusal[] = [];
  for (const [name, app] of Object.entries(apps)) {
    try {
      const service = found(name, user);
      const variables = variablesFor(app, service);
      resolved[name] = withVariables(app, variables);
      // A container whose DSN will be another one is made anew; by itself a changed file does not do that.
      const used = [...new Set(variables.map(({ audience }) => addresses[audience]))].join(" and ");
      const labels = { "glitchtip-compose.dsn": `${escaped(app.project)} at ${used}` };
      services[name] = { ...overlay(name, { onFailure, ...resolved[name] }, service), labels };
      for (const variable of variables.filter((one) => service.environment.includes(one.name))) {
        warnings.push(`service ${name} sets ${variable.name} itself; the DSN from GlitchTip wins over it`);
      }
      for (const variable of Object.keys(handedOn(app)).filter((one) => service.environment.includes(one))) {
        warnings.push(`service ${name} sets ${variable} itself; the value in glitchtip.yaml wins over it`);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals.push(error);
    }
  }
  const [first] = refusals;
  if (first !== undefined) {
    const remedy = "Change glitchtip.yaml or your Compose file, then run it again.";
    if (refusals.length === 1) throw new CodedError(first.code, first.message, { remedy });
    const problems = refusals.map(({ message }) => message);
    throw new CodedError(first.code, `${refusals.length} services cannot be given a DSN`, { problems, remedy });
  }
  const readOnly = Object.keys(apps).map((name) => user.services[name]?.readOnly === true);
  return {
    services,
    apps: resolved,
    wrapper: { inline: readOnly.includes(false), file: readOnly.includes(true) },
    warnings,
  };
}

function found(name: string, { services }: UserProject): UserService {
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service !== undefined) return service;
  const names = Object.keys(services);
  const has = `it has ${names.join(", ") || "none"}`;
  throw new Refusal("GC1104", `there is no service "${name}" in your Compose file (${has})${didYouMean(name, names)}`);
}

/** A service in the host's network does not know the names of the others: it uses the published port. */
const variablesFor = (app: AppDeclaration, { networkMode }: UserService): AppVariable[] =>
  variablesOf(app).map(({ name, audience }) => ({
    name,
    audience: networkMode === "host" && audience === "container" ? "host" : audience,
  }));

/** As the provisioner is told: each variable with its audience. */
function withVariables({ preset: _, ...app }: AppDeclaration, variables: readonly AppVariable[]): AppDeclaration {
  return { ...app, variables: Object.fromEntries(variables.map(({ name, audience }) => [name, audience])) };
}

/** What SDKs read beside the DSN. It stands in the Compose file: a change makes the container anew. */
function handedOn({ environment, release, sampleRate }: AppDeclaration): Record<string, string> {
  return {
    ...(environment === undefined ? {} : { SENTRY_ENVIRONMENT: environment }),
    ...(release === undefined ? {} : { SENTRY_RELEASE: release }),
    ...(sampleRate === undefined ? {} : { SENTRY_TRACES_SAMPLE_RATE: String(sampleRate) }),
  };
}

function overlay(name: string, app: AppDeclaration, service: UserService): ComposeService {
  const { entrypoint, command } = startOf(name, app, service);
  const variables = namesOf(app).join(",");
  const environment = handedOn(app);
  const wrapped = [
    WRAPPER,
    "--wait",
    String(WAIT_S),
    "--on-failure",
    app.onFailure ?? "block",
    "--variables",
    variables,
    name,
    "--",
    ...entrypoint,
  ];
  return {
    // A config cannot be put into a read-only container; a file that is mounted need not be executable.
    entrypoint: service.readOnly ? ["/bin/sh", ...wrapped] : wrapped,
    ...(command === undefined ? {} : { command }),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    depends_on: { "glitchtip-provision": { condition: "service_completed_successfully", required: false } },
    ...networksOf(name, service),
    volumes: [`${DSN_VOLUME}:/run/glitchtip:ro`, ...(service.readOnly ? [`./.glitchtip/with-dsn:${WRAPPER}:ro`] : [])],
    ...(service.readOnly ? {} : { configs: [{ source: WRAPPER_CONFIG, target: WRAPPER, mode: "0555" }] }),
  };
}

function networksOf(name: string, { networkMode, hasNetworks }: UserService): ComposeService {
  if (networkMode === "host") return {};
  if (networkMode !== undefined) {
    throw new Refusal(
      "GC1109",
      `service ${name} has network_mode: ${networkMode}, so it cannot reach GlitchTip; take that line away or use host`,
    );
  }
  // Naming any network takes a service out of `default`, where it is as long as it names none.
  return { networks: hasNetworks ? ["glitchtip"] : ["default", "glitchtip"] };
}

/** What the container starts today. The wrapper replaces the entrypoint, and Docker then drops the image's command. */
function startOf(
  name: string,
  app: AppDeclaration,
  service: UserService,
): { entrypoint: readonly string[]; command?: readonly string[] } {
  const stated = service.entrypoint;
  const entrypoint = stated === undefined ? app.entrypoint : splitWords(name, stated);
  // Compose keeps its own command. An entrypoint that is stated and not empty has dropped the image's already.
  const keeps =
    service.command !== undefined || (stated !== undefined && entrypoint !== undefined && entrypoint.length > 0);
  const missing = [...(entrypoint === undefined ? ["entrypoint"] : []), ...(keeps || app.command ? [] : ["command"])];
  if (entrypoint === undefined || missing.length > 0) throw notKnown(name, missing);
  return keeps || app.command === undefined ? { entrypoint } : { entrypoint, command: app.command };
}

function splitWords(name: string, value: TextOrWords): readonly string[] {
  if (typeof value !== "string") return value;
  const words = hasVariable(value) ? undefined : shellWords(value);
  if (words !== undefined) return words;
  throw new Refusal("GC1106", `service ${name}: entrypoint: ${value} cannot be split for sure; write it as a list`);
}

const EXAMPLES: Readonly<Record<string, string>> = {
  entrypoint: '["docker-entrypoint.sh"]',
  command: '["node", "server.js"]',
};

function notKnown(name: string, missing: readonly string[]): Refusal {
  const flags = missing.map((key) => `--${key} '${name}=${EXAMPLES[key]}'`).join(" ");
  const lines = missing.map((key) => `${key}: ${EXAMPLES[key]}`).join(", ");
  return new Refusal(
    "GC1106",
    `service ${name}: ${missing.join(" and ")} come from its image and are not known here. ` +
      `Add to glitchtip.yaml, under apps.${name}: ${lines} (what \`docker image inspect\` shows; [] = none), or type ${flags}`,
  );
}
