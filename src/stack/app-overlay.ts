import { defined } from "../base/defined.ts";
import type { ComposeService, Dependency, UserService } from "../compose/model.ts";
import { providedName, providerOf, providersOf } from "../config/app-sources.ts";
import { DSN_DIR, dsnVolume } from "../config/dsn-volumes.ts";
import { namesOf } from "../config/framework-presets.ts";
import type { AppDeclaration, Declaration } from "../config/schema.ts";
import { ENV_FOLDER } from "./managed-files.ts";
import { BUSYBOX, PROVISIONER } from "./service-names.ts";
import { type Start, startBehind } from "./start.ts";
import { networksWith } from "./user-services.ts";

/** The path of the wrapper in an app's container. */
const WRAPPER = "/glitchtip-with-dsn";
/** The wrapper in the workspace: one file for all apps. */
export const WRAPPER_FILE = ".glitchtip/with-dsn";
/** A volume with a busybox for images without a shell, and where apps mount it. */
const TOOLS_VOLUME = "glitchtip-tools";
const TOOLS = "/run/glitchtip-tools";
/** The provisioner has ended when an app starts, so a DSN that is not there by then does not come. `up --wait` waits as long. */
const WAIT_S = 5;
const DONE: Dependency = { condition: "service_completed_successfully", required: false };

/** What containers need to reach the server. */
export interface ContainerReach {
  /** The network that they join; undefined where those that they are in will do. */
  readonly network: string | undefined;
  readonly keys: ComposeService;
}

export const isWrapped = (inject: AppDeclaration["inject"] | undefined): boolean =>
  inject === "entrypoint" || inject === "busybox";

/** Returns the volume for apps without a shell, if there are any. */
export const toolsVolumes = ({ apps }: Declaration): string[] =>
  Object.values(apps).some(({ inject }) => inject === "busybox") ? [TOOLS_VOLUME] : [];

/** Returns the keys that let a service reach the server. */
export const reachKeys = (service: UserService, { network, keys }: ContainerReach): ComposeService => ({
  ...keys,
  ...defined({ networks: network === undefined ? undefined : networksWith(service, network) }),
});

/** Returns the variables beside the DSN that SDKs read. A change makes Compose recreate the container. */
export const sdkVariables = ({ environment, release, sampleRate }: AppDeclaration): Record<string, string> =>
  defined({
    SENTRY_ENVIRONMENT: environment,
    SENTRY_RELEASE: release,
    SENTRY_TRACES_SAMPLE_RATE: sampleRate === undefined ? undefined : String(sampleRate),
  });

/** Returns an `environment` of these variables, or no key where there are none. */
export const environmentKey = (variables: Readonly<Record<string, string>>): ComposeService =>
  Object.keys(variables).length === 0 ? {} : { environment: variables };

/** Returns what the stack's file adds to an app so that it gets its DSN. */
export function appOverlay(name: string, app: AppDeclaration, start: Start): ComposeService {
  const common: ComposeService = {
    ...environmentKey(sdkVariables(app)),
    depends_on: { [PROVISIONER]: DONE, ...(app.inject === "busybox" ? { [BUSYBOX]: DONE } : {}) },
  };
  if (app.inject === "env-file" || app.inject === "provider") return { ...common, env_file: dsnEnvFile(name) };
  return { ...startBehind(wrapperWords(name, app), start), ...common, volumes: wrapperMounts(name, app) };
}

/** A file that is not there gives an app no DSN, and does not keep it from starting. */
export const dsnEnvFile = (app: string) => [{ path: `./${ENV_FOLDER}/${app}.env`, required: false }];

/** Returns the words that stand before the app's own entrypoint. */
function wrapperWords(name: string, app: AppDeclaration): string[] {
  const busybox = app.inject === "busybox" ? `${TOOLS}/busybox` : undefined;
  // The shell is named, so that the wrapper need not be executable.
  return [
    ...(busybox === undefined ? ["/bin/sh"] : [busybox, "sh"]),
    WRAPPER,
    ...(busybox === undefined ? [] : ["--busybox", busybox]),
    "--wait",
    String(WAIT_S),
    "--on-failure",
    app.onFailure ?? "block",
    "--variables",
    namesOf(app).join(","),
    name,
    "--",
  ];
}

/** The wrapper is mounted: Compose cannot copy a config into a read-only container. */
const wrapperMounts = (name: string, { inject }: AppDeclaration): string[] => [
  `${dsnVolume(name)}:${DSN_DIR}:ro`,
  ...(inject === "busybox" ? [`${TOOLS_VOLUME}:${TOOLS}:ro`] : []),
  `./${WRAPPER_FILE}:${WRAPPER}:ro`,
];

/** The program that Compose calls as a provider, which it looks for on the PATH. */
const PROVIDER_PROGRAM = "glitchtip-compose";

/** Returns the provider services, each of which is a call of this program instead of a container. */
export const providerServices = (declaration: Declaration): Record<string, ComposeService> =>
  Object.fromEntries(
    Object.keys(providersOf(declaration)).map((name) => [name, { provider: { type: PROVIDER_PROGRAM } }]),
  );

/** Compose hands a provider's variables to the services that depend on it. */
export const afterProvider = (declaration: Declaration, app: string): ComposeService => ({
  depends_on: { [providerOf(declaration, app) ?? ""]: { condition: "service_started" } },
});

/** Returns what users of providers do not expect. */
export function providerWarnings(declaration: Declaration): string[] {
  const apps = Object.entries(declaration.apps).flatMap(([app, declared]) => {
    const service = providerOf(declaration, app);
    if (service === undefined) return [];
    const names = namesOf(declared).map((name) => providedName(service, name));
    const exact = namesOf(declared).join(", ");
    return [
      `${app} finds its DSN in ${names.join(", ")}: Compose puts the name of a provider before its variables (from Compose 5.2 on it is in ${exact}, too)`,
    ];
  });
  if (apps.length === 0) return [];
  return [
    ...apps,
    `up and down call the program ${PROVIDER_PROGRAM}: where it is not on the PATH both fail, and down leaves containers behind; \`npm install --global ${PROVIDER_PROGRAM}\` on each machine, or another \`inject\``,
  ];
}
