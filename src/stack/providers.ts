import { providedNames, providersOf } from "../config/provider.ts";
import type { Declaration } from "../config/schema.ts";
import type { ComposeService } from "./model.ts";

/** What Compose calls: this program, found on the PATH. */
const PROGRAM = "glitchtip-compose";

/** The services that are a call of ours instead of a container. */
export const providerServices = (declaration: Declaration): Record<string, ComposeService> =>
  Object.fromEntries(Object.keys(providersOf(declaration)).map((name) => [name, { provider: { type: PROGRAM } }]));

/** What an app needs: Compose calls the provider before it starts anything, and hands the variables to who waits for it. */
export function byProvider(
  declaration: Declaration,
  app: string,
  environment: Readonly<Record<string, string>>,
): ComposeService {
  const [service = ""] = Object.entries(providersOf(declaration)).find(([, { apps }]) => apps.includes(app)) ?? [];
  return {
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    depends_on: { [service]: { condition: "service_started" } },
  };
}

/** What nobody expects who does not know providers (prototype.md 5). */
export function aboutProviders(declaration: Declaration): string[] {
  const apps = Object.keys(declaration.apps).flatMap((app) => {
    const names = providedNames(declaration, app);
    return names.length === 0
      ? []
      : [`${app} finds its DSN in ${names.join(", ")}: Compose puts the name of a provider before its variables`];
  });
  if (apps.length === 0) return [];
  return [
    ...apps,
    `up and down call the program ${PROGRAM}: where it is not on the PATH both fail, and down leaves containers behind; \`npm install --global ${PROGRAM}\` on each machine, or another \`inject\``,
  ];
}
