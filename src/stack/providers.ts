import { providedName, providerOf, providersOf } from "../config/app-sources.ts";
import { namesOf } from "../config/framework-presets.ts";
import type { Declaration } from "../config/schema.ts";
import type { ComposeService } from "./model.ts";

/** What Compose calls: this program, found on the PATH. */
const PROGRAM = "glitchtip-compose";

/** The services that are a call of ours instead of a container. */
export const providerServices = (declaration: Declaration): Record<string, ComposeService> =>
  Object.fromEntries(Object.keys(providersOf(declaration)).map((name) => [name, { provider: { type: PROGRAM } }]));

/** Compose calls the provider before it starts anything, and hands its variables to who waits for it. */
export function afterProvider(declaration: Declaration, app: string): ComposeService {
  return { [providerOf(declaration, app) ?? ""]: { condition: "service_started" } };
}

/** What nobody expects who does not know providers (docs/glitchtip-facts.md, "Docker and Compose around it"). */
export function aboutProviders(declaration: Declaration): string[] {
  const apps = Object.entries(declaration.apps).flatMap(([app, declared]) => {
    const service = providerOf(declaration, app);
    if (service === undefined) return [];
    const names = namesOf(declared).map((name) => providedName(service, name));
    return [`${app} finds its DSN in ${names.join(", ")}: Compose puts the name of a provider before its variables`];
  });
  if (apps.length === 0) return [];
  return [
    ...apps,
    `up and down call the program ${PROGRAM}: where it is not on the PATH both fail, and down leaves containers behind; \`npm install --global ${PROGRAM}\` on each machine, or another \`inject\``,
  ];
}
