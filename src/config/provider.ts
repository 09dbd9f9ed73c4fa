import { provisionedApps } from "./given-dsn.ts";
import type { Declaration } from "./schema.ts";

/** A Compose provider service: its apps get the DSN of one project. */
export interface Provider {
  /** The declaration's key. */
  readonly project: string;
  readonly apps: readonly string[];
}

type Apps = Pick<Declaration, "apps">;

/**
 * By service name. Compose puts that name in capitals before each variable, and hands all of them to every service
 * that depends on it, so each project has its own: the first one `glitchtip`, which makes GLITCHTIP_SENTRY_DSN.
 */
export function providersOf(declaration: Apps): Readonly<Record<string, Provider>> {
  const apps = Object.entries(provisionedApps(declaration)).filter(([, { inject }]) => inject === "provider");
  const projects = [...new Set(apps.map(([, { project }]) => project))];
  const names = new Set<string>();
  return Object.fromEntries(
    projects.map((project, i) => {
      // No hyphen: a shell drops variables whose names are no identifiers (docs/glitchtip-facts.md, "Docker and Compose around it").
      const base = i === 0 ? "glitchtip" : `glitchtip_${project.toLowerCase().replace(/[^a-z0-9]+/g, "_")}`;
      let name = base;
      for (let n = 2; names.has(name); n++) name = `${base}_${n}`;
      names.add(name);
      return [name, { project, apps: apps.filter(([, app]) => app.project === project).map(([app]) => app) }];
    }),
  );
}

/** The service that an app gets its DSN from; undefined for one with another injection. */
export const providerOf = (declaration: Apps, app: string): string | undefined =>
  Object.entries(providersOf(declaration)).find(([, { apps }]) => apps.includes(app))?.[0];

/** As the app finds a variable in its environment. */
export const providedName = (service: string, variable: string): string => `${service.toUpperCase()}_${variable}`;
