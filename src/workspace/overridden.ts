import { STACK_FILE } from "../stack/render.ts";
import type { Workspace } from "./workspace.ts";
import { readUserFile } from "./workspace.ts";

/**
 * Apps whose wrapper is lost: a Compose file that stands after ours states their entrypoint, and Compose takes the last
 * one. By app, the file.
 */
export async function overriddenApps({ dir, declaration, composeFiles }: Workspace): Promise<Map<string, string>> {
  const after = composeFiles.slice(composeFiles.indexOf(STACK_FILE) + 1);
  const found = new Map<string, string>();
  if (after.length === 0) return found;
  const { asMap, parseComposeYaml, Tagged } = await import("../stack/compose-yaml.ts");
  for (const path of after) {
    for (const { services } of parseComposeYaml(path, readUserFile(dir, path, "GC1103") ?? "")) {
      for (const [app, { inject }] of Object.entries(declaration.apps)) {
        const { entrypoint } = asMap(asMap(services)[app]);
        const stated = entrypoint instanceof Tagged ? entrypoint.value : entrypoint;
        const isWrapped = JSON.stringify(stated ?? null).includes("with-dsn");
        if (
          (inject === "entrypoint" || inject === "busybox") &&
          entrypoint !== undefined &&
          entrypoint !== null &&
          !isWrapped
        )
          found.set(app, path);
      }
    }
  }
  return found;
}

/** What is lost, and how to get it back. */
export const overriddenText = (app: string, path: string): string =>
  `${path} stands after ${STACK_FILE} in COMPOSE_FILE and states an entrypoint for ${app}: it replaces with-dsn, so ${app} gets no DSN`;
export const overriddenRemedy = `Put ${STACK_FILE} last in COMPOSE_FILE (.env), then: npx glitchtip-compose init`;
