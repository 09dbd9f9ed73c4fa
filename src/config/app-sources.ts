import type { AppDeclaration, Declaration } from "./schema.ts";

type Apps = Pick<Declaration, "apps">;

/** An app with an external DSN, which the declaration refers to. */
export type GivenApp = AppDeclaration & { readonly dsn: NonNullable<AppDeclaration["dsn"]> };

/** Returns the apps that get the DSN of a project. */
export const provisionedApps = <App extends { readonly project?: string | undefined; readonly dsn?: unknown }>({
  apps,
}: {
  readonly apps: Readonly<Record<string, App>>;
}): Readonly<Record<string, App & { readonly project: string }>> =>
  Object.fromEntries(
    Object.entries(apps).flatMap(([name, app]) =>
      app.project === undefined || app.dsn !== undefined ? [] : [[name, { ...app, project: app.project }]],
    ),
  );

/** Returns the apps with an external DSN. */
export const givenApps = ({ apps }: Apps): Readonly<Record<string, GivenApp>> =>
  Object.fromEntries(
    Object.entries(apps).flatMap(([name, app]) => (app.dsn === undefined ? [] : [[name, { ...app, dsn: app.dsn }]])),
  );

/** A program on this machine, outside of Compose, and the file from which it reads its DSN. */
export type HostApp = AppDeclaration & { readonly dotenv: string };

/** Returns the apps that are programs on this machine. */
export const hostApps = ({ apps }: Apps): Readonly<Record<string, HostApp>> =>
  Object.fromEntries(
    Object.entries(apps).flatMap(([name, app]) =>
      app.host && app.dotenv !== undefined ? [[name, { ...app, dotenv: app.dotenv }]] : [],
    ),
  );

/** Whether some DSN has to be made: false where every app has an external one, so that no server is asked. */
export const needsProvisioner = ({ apps }: Apps): boolean => {
  const all = Object.values(apps);
  return all.length === 0 || all.some(({ dsn }) => dsn === undefined);
};

/** Whether the stack has the provisioner's container: a Compose provider runs on the host instead. */
export const needsContainer = ({ apps }: Apps): boolean => {
  const all = Object.values(apps);
  return all.length === 0 || !all.every(({ dsn, inject }) => dsn !== undefined || inject === "provider");
};

/** A Compose provider service, which gives its apps the DSN of one project. */
export interface Provider {
  /** The project's key in the declaration. */
  readonly project: string;
  readonly apps: readonly string[];
}

/**
 * Returns the provider services by name. Compose puts that name in capitals before each variable, and hands all of them
 * to every service that depends on it, so each project has its own provider. The first one is called `glitchtip`, which
 * makes GLITCHTIP_SENTRY_DSN.
 */
export function providersOf(declaration: Apps): Readonly<Record<string, Provider>> {
  const apps = Object.entries(provisionedApps(declaration)).filter(([, { inject }]) => inject === "provider");
  const projects = [...new Set(apps.map(([, { project }]) => project))];
  const names = new Set<string>();
  return Object.fromEntries(
    projects.map((project, i) => {
      // Without a hyphen: a shell drops variables whose names are no identifiers.
      const base = i === 0 ? "glitchtip" : `glitchtip_${project.toLowerCase().replace(/[^a-z0-9]+/g, "_")}`;
      let name = base;
      for (let n = 2; names.has(name); n++) name = `${base}_${n}`;
      names.add(name);
      return [name, { project, apps: apps.filter(([, app]) => app.project === project).map(([app]) => app) }];
    }),
  );
}

/** Returns the provider service of an app, or undefined for an app with another injection. */
export const providerOf = (declaration: Apps, app: string): string | undefined =>
  Object.entries(providersOf(declaration)).find(([, { apps }]) => apps.includes(app))?.[0];

/** Returns the name under which an app finds a provider's variable in its environment. */
export const providedName = (service: string, variable: string): string => `${service.toUpperCase()}_${variable}`;
