import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Services that were there before us. */
export const COMPOSE = `services:
  api:
    image: example/api
    entrypoint: ["/entrypoint.sh"]
    command: ["serve"]
  web:
    image: example/web
`;

/** Every file with its text, as a whole. */
export function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
