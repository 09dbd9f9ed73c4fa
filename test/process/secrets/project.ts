import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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
    "glitchtip-setup": {
      image: "node:24-slim",
      environment: { GLITCHTIP_SETUP_NAMES: "glitchtip_admin_password glitchtip_db_password glitchtip_secret_key" },
    },
    "glitchtip-init": { image: "glitchtip/glitchtip:6" },
    "glitchtip-provision": { image: "node:24-slim" },
  },
  volumes: { "glitchtip-db": { name: "shop_glitchtip-db" } },
};

export interface Project {
  readonly dir: string;
  readonly state: string;
  readonly dsn: string;
  /** The volumes of the stack's secrets. */
  readonly secrets: string;
}

/** The file with one of the stack's secrets. */
export const secretIn = ({ secrets }: Project, name: string): string => join(secrets, `glitchtip_${name}`, "value");

/** A user's folder with services of its own, and the secrets that the setup service made. */
export function makeProjectIn(root: string, name: string): Project {
  const dir = join(root, name);
  for (const folder of [dir, join(root, "given")]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, ".env"), `OTHER_SECRET=${USERS.env_file}\n`);
  const project = {
    dir,
    state: join(root, `${name}-state`),
    dsn: join(root, `${name}-dsn`),
    secrets: join(root, `${name}-secrets`),
  };
  for (const [secret, value] of Object.entries(MADE)) {
    mkdirSync(dirname(secretIn(project, secret)), { recursive: true });
    writeFileSync(secretIn(project, secret), value, { mode: 0o444 });
    writeFileSync(join(root, "given", secret), value);
  }
  for (const folder of [project.state, project.dsn]) mkdirSync(folder);
  return project;
}

export const environmentOf = (project: Project, url: string) => ({
  GLITCHTIP_URL: url,
  GLITCHTIP_STATE_DIR: project.state,
  GLITCHTIP_DSN_DIR: project.dsn,
  GLITCHTIP_PROVISION_FILE: join(project.dir, ".glitchtip", "provision.json"),
  GLITCHTIP_DECLARATION_FILE: join(project.dir, "glitchtip.yaml"),
  GLITCHTIP_ADMIN_PASSWORD_FILE: secretIn(project, "admin_password"),
  GLITCHTIP_READY_WITHIN_SECONDS: "2",
  GLITCHTIP_PROOF_WITHIN_SECONDS: "2",
});
