import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULT_POSTGRES_IMAGE } from "../../../src/config/defaults.ts";
import { postgresMajor } from "../../../src/config/postgres.ts";
import { composeOf, declarationWith, renderedStack, testTemplates } from "../../support/stack.ts";

const COMPOSE = "services: { app: { image: own/app, entrypoint: [node], command: [x] } }\n";
const compose = (lines: string) => composeOf(renderedStack(declarationWith(lines), COMPOSE));
const database = (lines: string) => compose(lines).services["glitchtip-db"];

describe("the default Postgres", () => {
  it.each(["glitchtip-db", "glitchtip-backup-db"] as const)("is the image of the template %s", (name) => {
    expect(testTemplates(name).image).toBe(`\${GLITCHTIP_POSTGRES_IMAGE:-${DEFAULT_POSTGRES_IMAGE}}`);
  });

  it("has the major of the all-in-one image", () => {
    const dockerfile = readFileSync(new URL("../../../images/all-in-one/Dockerfile", import.meta.url), "utf8");
    expect(dockerfile).toContain(`ARG POSTGRES_MAJOR=${postgresMajor(DEFAULT_POSTGRES_IMAGE)}\n`);
  });
});

const PASSWORD = "glitchtip-db-password:/run/secrets/glitchtip_db_password:ro";

describe("server.postgres", () => {
  it("defaults to Postgres 18 in the volume glitchtip-db, in the folder of the image's own default", () => {
    const { image, volumes, environment } = database("") ?? {};
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's.
    expect(image).toBe("${GLITCHTIP_POSTGRES_IMAGE:-postgres:18}");
    expect(volumes).toEqual(["glitchtip-db:/var/lib/postgresql", PASSWORD]);
    expect(environment).toMatchObject({ PGDATA: "/var/lib/postgresql/18/docker" });
  });

  it.each([
    ["postgres:15", 15],
    ["postgres:16-alpine", 16],
    ["postgres:17.2@sha256:0", 17],
    ["postgres:18", 18],
    ["postgres:19", 19],
    ["timescale/timescaledb:latest-pg17", 18],
    ["own/postgres", 18],
  ])("keeps the data of %s in the stack's volume, whatever image .env names", (image, major) => {
    const { volumes, environment } = database(`server: { postgres: { image: "${image}" } }`) ?? {};
    expect(volumes).toEqual(["glitchtip-db:/var/lib/postgresql", PASSWORD]);
    expect(environment).toMatchObject({ PGDATA: `/var/lib/postgresql/${major}/docker` });
  });

  it("sets PGDATA before Postgres 18, so that the data is in the stack's volume", () => {
    expect(database("server: { postgres: { image: 'own.example.com:5000/postgres:15.4' } }")).toMatchObject({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's.
      image: "${GLITCHTIP_POSTGRES_IMAGE:-own.example.com:5000/postgres:15.4}",
      volumes: ["glitchtip-db:/var/lib/postgresql", PASSWORD],
      environment: { PGDATA: "/var/lib/postgresql/15/docker" },
    });
  });

  it("names the volume, and gives the database tools the same image", () => {
    const found = compose(
      'server: { postgres: { image: "postgres:19", volume: glitchtip-db-19 } }\nbackup: { schedule: "03:15" }',
    );
    expect(found.services["glitchtip-db"]?.volumes).toEqual(["glitchtip-db-19:/var/lib/postgresql", PASSWORD]);
    expect(found.volumes).toHaveProperty("glitchtip-db-19");
    expect(found.volumes).not.toHaveProperty("glitchtip-db");
    expect(found.services["glitchtip-backup-db"]?.image).toContain("postgres:19");
  });
});
