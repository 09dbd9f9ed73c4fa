import { escaped } from "../compose/interpolate.ts";
import type { ComposeService, UserProject, UserService } from "../compose/model.ts";
import { provisionedApps } from "../config/app-sources.ts";
import { type AppVariable, variablesOf } from "../config/framework-presets.ts";
import type { AppDeclaration, Audience, Declaration } from "../config/schema.ts";
import { serverKind } from "../config/server.ts";
import { meetingNetworks } from "./app-networks.ts";
import {
  afterProvider,
  appOverlay,
  type ContainerReach,
  isWrapped,
  providerServices,
  providerWarnings,
  reachKeys,
  sdkVariables,
} from "./app-overlay.ts";
import { attachedAddresses, attachedReach } from "./attached.ts";
import type { ImageKnowledge } from "./model.ts";
import { addressesOf } from "./services.ts";
import { startOf } from "./start.ts";
import { eachService, type NetworkPlace, networkPlaceOf, userService } from "./user-services.ts";

export interface AppOverlays {
  /** What the stack's file adds to the user's services, by service. */
  readonly services: Readonly<Record<string, ComposeService>>;
  /** The apps with the audience `host` for services in the host's network. */
  readonly apps: Declaration["apps"];
  /** Some app starts behind the wrapper. */
  readonly hasWrapper: boolean;
  /** The networks on which apps meet the server of this stack. */
  readonly networks: readonly string[];
  readonly warnings: readonly string[];
}

/** Returns the lines that give each app its DSN. Throws the problems of all apps at once. */
export function overlayApps(
  declaration: Declaration,
  user: UserProject,
  images: ImageKnowledge = { known: {} },
): AppOverlays {
  const { onFailure, server } = declaration;
  const apps = provisionedApps(declaration);
  const isAttached = serverKind(declaration) === "existing";
  const addresses = isAttached ? attachedAddresses(server) : addressesOf(server);
  const services: Record<string, ComposeService> = {};
  const resolved: Record<string, AppDeclaration> = {};
  const warnings: string[] = [];
  // The services whose network an app uses, its own or that of the service whose network it shares, with the app's name.
  const joining = new Map<string, string>();
  const overlay = (name: string): void => {
    const app = apps[name];
    if (app === undefined) return;
    if (app.host) {
      resolved[name] = withVariables(app, variablesOf(app));
      return;
    }
    const service = userService(name, user);
    const place = networkPlaceOf(name, service, user);
    const variables = variablesFor(app, place);
    const resolvedApp = withVariables(app, variables);
    const start = startOf(name, app, service, images);
    services[name] = {
      ...appOverlay(name, { onFailure, ...resolvedApp }, start),
      labels: { "glitchtip-compose.dsn": dsnLabel(app.project, variables, addresses) },
      ...(app.inject === "provider" ? afterProvider(declaration, name) : {}),
    };
    resolved[name] = resolvedApp;
    if (!place.onHost) joining.set(place.carrier ?? name, name);
    warnings.push(...ownVariableWarnings(name, app, service, variables));
  };
  eachService(Object.keys(apps), overlay, (images.stateBy ?? "declaration") === "declaration");
  const members = [...joining.keys()].flatMap((name) => {
    const service = user.services[name];
    return service === undefined ? [] : [{ name, service, networks: service.networks }];
  });
  const meeting = isAttached ? new Map<string, string>() : meetingNetworks(members);
  for (const { name, service } of members) {
    const reach: ContainerReach = isAttached ? attachedReach(server) : { network: meeting.get(name), keys: {} };
    const keys = reachKeys(service, reach);
    if (Object.keys(keys).length === 0) continue;
    services[name] = { ...services[name], ...keys };
    const app = joining.get(name);
    if (!Object.hasOwn(apps, name)) {
      warnings.push(`service ${name} joins GlitchTip's network, because ${app} shares its network`);
    }
  }
  return {
    services: { ...services, ...providerServices(declaration) },
    apps: resolved,
    networks: [...new Set(meeting.values())],
    hasWrapper: Object.values(apps).some(({ host, inject }) => !host && isWrapped(inject)),
    warnings: [...warnings, ...providerWarnings(declaration)],
  };
}

/** Another address or project changes this label, so that Compose recreates the container with its new DSN. */
function dsnLabel(
  project: string,
  variables: readonly AppVariable[],
  addresses: Readonly<Record<Audience, string>>,
): string {
  const used = [...new Set(variables.map(({ audience }) => addresses[audience]))].join(" and ");
  return `${escaped(project)} at ${used}`;
}

function ownVariableWarnings(
  name: string,
  app: AppDeclaration,
  { environment }: UserService,
  variables: readonly AppVariable[],
): string[] {
  const set = variables.filter((variable) => environment.includes(variable.name));
  const handedOn = Object.keys(sdkVariables(app)).filter((variable) => environment.includes(variable));
  return [
    ...set.map((variable) =>
      app.inject === "env-file"
        ? `service ${name} sets ${variable.name} itself, and that may win over the DSN from GlitchTip`
        : `service ${name} sets ${variable.name} itself; the DSN from GlitchTip wins over it`,
    ),
    ...handedOn.map((variable) => `service ${name} sets ${variable} itself; the value in glitchtip.yaml wins over it`),
  ];
}

/** A service in the host's network does not know the names of the others, so it uses the published port. */
const variablesFor = (app: AppDeclaration, { onHost }: NetworkPlace): AppVariable[] =>
  variablesOf(app).map(({ name, audience }) => ({
    name,
    audience: onHost && audience === "container" ? "host" : audience,
  }));

/** Returns the app as the provisioner reads it: each variable with its audience. */
const withVariables = ({ preset: _, ...app }: AppDeclaration, variables: readonly AppVariable[]): AppDeclaration => ({
  ...app,
  variables: Object.fromEntries(variables.map(({ name, audience }) => [name, audience])),
});
