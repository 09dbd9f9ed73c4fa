import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MADE, USERS } from "./known.ts";

export const NOWHERE = { DOCKER_HOST: "unix:///nonexistent/docker.sock" };
export const INIT = ["init", "--app", "api=shop-api", "--yes"];

const COMPOSE = `services:
  api:
    image: own/api
    entrypoint: ["node"]
    command: ["server.js"]
    environment:
      DATABASE_URL: postgres://shop:${USERS.database_url}@db/shop
      OTHER: \${OTHER_SECRET}
  worker:
    image: own/api
    entrypoint: ["node"]
    command: ["worker.js"]
`;

/** Returns the model as Compose prints it, with every variable resolved. */
export const configWithSecrets = {
  name: "shop",
  services: {
    worker: { image: "own/api", entrypoint: ["node"], command: ["worker.js"] },
    api: {
      image: "own/api",
      entrypoint: ["node"],
      command: ["server.js"],
      networks: { glitchtip: null },
      environment: { DATABASE_URL: `postgres://shop:${USERS.database_url}@db/shop`, OTHER: USERS.env_file },
    },
    glitchtip: { image: "glitchtip/glitchtip:6", networks: { glitchtip: null } },
    "glitchtip-db": { image: "postgres" },
    "glitchtip-init": { image: "glitchtip/glitchtip:6" },
    "glitchtip-provision": { image: "node:24-slim" },
  },
  volumes: { "glitchtip-db": { name: "shop_glitchtip-db" } },
};

export interface Project {
  readonly dir: string;
  readonly state: string;
  readonly dsn: string;
}

/** Makes a workspace with services of the user's and the secrets of an earlier init. */
export function makeProjectIn(root: string, name: string): Project {
  const dir = join(root, name);
  const secrets = join(dir, ".glitchtip", "secrets");
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  for (const [file, value] of Object.entries(MADE)) writeFileSync(join(secrets, file), value, { mode: 0o444 });
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, ".env"), `OTHER_SECRET=${USERS.env_file}\n`);
  const project = { dir, state: join(root, `${name}-state`), dsn: join(root, `${name}-dsn`) };
  for (const folder of [project.state, project.dsn]) mkdirSync(folder);
  return project;
}

export const environmentOf = ({ dir, state, dsn }: Project, url: string) => ({
  GLITCHTIP_URL: url,
  GLITCHTIP_STATE_DIR: state,
  GLITCHTIP_DSN_DIR: dsn,
  GLITCHTIP_PROVISION_FILE: join(dir, ".glitchtip", "provision.json"),
  GLITCHTIP_DECLARATION_FILE: join(dir, "glitchtip.yaml"),
  GLITCHTIP_ADMIN_PASSWORD_FILE: join(dir, ".glitchtip", "secrets", "admin_password"),
  GLITCHTIP_READY_WITHIN_SECONDS: "2",
  GLITCHTIP_PROOF_WITHIN_SECONDS: "2",
});
