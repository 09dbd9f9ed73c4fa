import { didYouMean } from "../base/did-you-mean.ts";
import { provisionedApps } from "../config/app-sources.ts";
import { type AppVariable, namesOf, variablesOf } from "../config/framework-presets.ts";
import type { AppDeclaration, Declaration } from "../config/schema.ts";
import { serverKind } from "../config/server.ts";
import { joined, type Meeting, meetingOf } from "./app-networks.ts";
import { attachedAddresses, type Reach, reachOf } from "./attached.ts";
import { escaped } from "./interpolate.ts";
import type { ComposeService, ImageKnowledge, UserProject, UserService } from "./model.ts";
import { aboutProviders, afterProvider, providerServices } from "./providers.ts";
import { Refusal, throwAll } from "./refusal.ts";
import { addressesOf } from "./services.ts";
import { behind, type Start, startOf } from "./start.ts";

/** Where the wrapper is put in an app's container. */
const WRAPPER = "/glitchtip-with-dsn";
export const WRAPPER_CONFIG = "glitchtip-with-dsn";
export const DSN_VOLUME = "glitchtip-dsn";
/** Written by `up`, read by Compose. */
export const ENV_FOLDER = ".glitchtip/env";
/** A busybox for images without a shell, in a volume of its own. */
const TOOLS = "/run/glitchtip-tools";
const TOOLS_VOLUME = "glitchtip-tools";
/** When an app starts, the provisioner has ended: what is not there then does not come. `up --wait` waits this long, too. */
const WAIT_S = 5;
const DONE = { condition: "service_completed_successfully", required: false };

export interface AppOverlays {
  /** By service: what our file adds to the user's. */
  readonly services: Readonly<Record<string, ComposeService>>;
  /** With the audience `host` for services in the host's network. */
  readonly apps: Declaration["apps"];
  /** Whether some app takes the wrapper as an inline config, or as a file. */
  readonly wrapper: { readonly inline: boolean; readonly file: boolean };
  readonly warnings: readonly string[];
}

/** What apps without a shell need beside the rest. */
export const toolsVolumes = ({ apps }: Declaration): string[] =>
  Object.values(apps).some(({ inject }) => inject === "busybox") ? [TOOLS_VOLUME] : [];

/** The lines that give each app its DSN. Throws with all problems of all apps. */
export function overlayApps(
  declaration: Declaration,
  user: UserProject,
  images: ImageKnowledge = { known: {} },
): AppOverlays {
  const { onFailure, server } = declaration;
  const apps = provisionedApps(declaration);
  const attached = serverKind(declaration) === "existing";
  const addresses = attached ? attachedAddresses(server) : addressesOf(server);
  const reach: Reach = attached ? reachOf(server) : { network: true, keys: {} };
  const services: Record<string, ComposeService> = {};
  const resolved: Declaration["apps"] = {};
  const warnings: string[] = [];
  const refusals: Refusal[] = [];
  const carriers = new Map<string, string>();
  for (const [name, app] of Object.entries(apps)) {
    try {
      const service = found(name, user);
      const meeting = meetingOf(name, service, user);
      const variables = variablesFor(app, meeting);
      resolved[name] = withVariables(app, variables);
      // A container whose DSN will be another one is made anew; by itself a changed file does not do that.
      const used = [...new Set(variables.map(({ audience }) => addresses[audience]))].join(" and ");
      const labels = { "glitchtip-compose.dsn": `${escaped(app.project)} at ${used}` };
      const start = startOf(name, app, service, images);
      services[name] = { ...overlay(name, { onFailure, ...resolved[name] }, service, start, meeting, reach), labels };
      if (app.inject === "provider") Object.assign(services[name], { depends_on: afterProvider(declaration, name) });
      if (meeting.carrier !== undefined && (reach.network || Object.keys(reach.keys).length > 0)) {
        carriers.set(meeting.carrier, name);
      }
      for (const variable of variables.filter((one) => service.environment.includes(one.name))) {
        const who = `service ${name} sets ${variable.name} itself`;
        warnings.push(
          app.inject === "env-file"
            ? `${who}, and that may win over the DSN from GlitchTip`
            : `${who}; the DSN from GlitchTip wins over it`,
        );
      }
      for (const variable of Object.keys(handedOn(app)).filter((one) => service.environment.includes(one))) {
        warnings.push(`service ${name} sets ${variable} itself; the value in glitchtip.yaml wins over it`);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals.push(error);
    }
  }
  throwAll(refusals, (images.stateBy ?? "declaration") === "declaration");
  for (const [name, app] of carriers) {
    const carrier = user.services[name];
    if (carrier === undefined || Object.hasOwn(apps, name)) continue;
    services[name] = reached(carrier, reach);
    warnings.push(`service ${name} joins GlitchTip's network, because ${app} shares its network`);
  }
  Object.assign(services, providerServices(declaration));
  warnings.push(...aboutProviders(declaration));
  const wrapped = Object.keys(apps).filter((name) => isWrapped(apps[name]?.inject));
  const readOnly = wrapped.map((name) => user.services[name]?.readOnly === true);
  return {
    services,
    apps: resolved,
    wrapper: { inline: readOnly.includes(false), file: readOnly.includes(true) },
    warnings,
  };
}

const isWrapped = (inject: AppDeclaration["inject"] | undefined): boolean =>
  inject === "entrypoint" || inject === "busybox";

/** What lets a service reach the server. */
const reached = (service: UserService, { network, keys }: Reach): ComposeService => ({
  ...keys,
  ...(network ? { networks: joined(service) } : {}),
});

export function found(name: string, { services, elsewhere = [] }: UserProject): UserService {
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service?.elsewhere !== undefined) throw onlyCompose(name, [service.elsewhere]);
  if (service !== undefined) return service;
  if (elsewhere.length > 0) throw onlyCompose(name, elsewhere);
  const names = Object.keys(services);
  const has = `it has ${names.join(", ") || "none"}`;
  throw new Refusal("GC1104", `there is no service "${name}" in your Compose file (${has})${didYouMean(name, names)}`);
}

const onlyCompose = (name: string, elsewhere: readonly string[]): Refusal =>
  new Refusal(
    "GC1103",
    `service ${name} is not known from the files here: ${elsewhere.join("; ")}, which only docker compose reads. Run it where docker compose works, or keep a copy of that file here`,
  );

/** A service in the host's network does not know the names of the others: it uses the published port. */
const variablesFor = (app: AppDeclaration, { onHost }: Meeting): AppVariable[] =>
  variablesOf(app).map(({ name, audience }) => ({
    name,
    audience: onHost && audience === "container" ? "host" : audience,
  }));

/** As the provisioner is told: each variable with its audience. */
function withVariables({ preset: _, ...app }: AppDeclaration, variables: readonly AppVariable[]): AppDeclaration {
  return { ...app, variables: Object.fromEntries(variables.map(({ name, audience }) => [name, audience])) };
}

/** What SDKs read beside the DSN. It stands in the Compose file: a change makes the container anew. */
export function handedOn({ environment, release, sampleRate }: AppDeclaration): Record<string, string> {
  return {
    ...(environment === undefined ? {} : { SENTRY_ENVIRONMENT: environment }),
    ...(release === undefined ? {} : { SENTRY_RELEASE: release }),
    ...(sampleRate === undefined ? {} : { SENTRY_TRACES_SAMPLE_RATE: String(sampleRate) }),
  };
}

function overlay(
  name: string,
  app: AppDeclaration,
  service: UserService,
  { entrypoint, command }: Start,
  { onHost, carrier }: Meeting,
  reach: Reach,
): ComposeService {
  const variables = namesOf(app).join(",");
  const box = app.inject === "busybox" ? `${TOOLS}/busybox` : undefined;
  const environment = handedOn(app);
  const common = {
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    depends_on: { "glitchtip-provision": DONE, ...(box === undefined ? {} : { "glitchtip-busybox": DONE }) },
    ...(onHost || carrier !== undefined ? {} : reached(service, reach)),
  };
  if (app.inject === "provider") return common;
  if (app.inject === "env-file") {
    return { ...common, env_file: [{ path: `./${ENV_FOLDER}/${name}.env`, required: false }] };
  }
  const wrapper = [
    // A config cannot be put into a read-only container; a file that is mounted need not be executable.
    ...(box === undefined ? (service.readOnly ? ["/bin/sh"] : []) : [box, "sh"]),
    WRAPPER,
    ...(box === undefined ? [] : ["--busybox", box]),
    "--wait",
    String(WAIT_S),
    "--on-failure",
    app.onFailure ?? "block",
    "--variables",
    variables,
    name,
    "--",
  ];
  return {
    entrypoint: behind(wrapper, entrypoint),
    ...(command === undefined ? {} : { command }),
    ...common,
    volumes: [
      `${DSN_VOLUME}:/run/glitchtip:ro`,
      ...(box === undefined ? [] : [`${TOOLS_VOLUME}:${TOOLS}:ro`]),
      ...(service.readOnly ? [`./.glitchtip/with-dsn:${WRAPPER}:ro`] : []),
    ],
    ...(service.readOnly ? {} : { configs: [{ source: WRAPPER_CONFIG, target: WRAPPER, mode: "0555" }] }),
  };
}
