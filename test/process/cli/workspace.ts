import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The user's own services. */
export const COMPOSE = `services:
  api:
    image: example/api
    entrypoint: ["/entrypoint.sh"]
    command: ["serve"]
  web:
    image: example/web
`;

/** Returns the text of every file by its path. */
export function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
