import { describe, expect, it } from "vitest";
import { composeOf, declarationWith, renderedStack } from "../../support/stack.ts";

const COMPOSE = "services: { app: { image: own/app, entrypoint: [node], command: [x] } }\n";
const compose = (lines: string) => composeOf(renderedStack(declarationWith(lines), COMPOSE));
const database = (lines: string) => compose(lines).services["glitchtip-db"];

describe("server.postgres", () => {
  it("left out is Postgres 18 in the volume glitchtip-db, whose folder the image knows", () => {
    const { image, volumes, environment } = database("") ?? {};
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's.
    expect(image).toBe("${GLITCHTIP_POSTGRES_IMAGE:-postgres:18}");
    expect(volumes).toEqual(["glitchtip-db:/var/lib/postgresql"]);
    expect(environment).not.toHaveProperty("PGDATA");
  });

  it("of before 18 keeps its data in the stack's volume, not in one without a name", () => {
    expect(database("server: { postgres: { image: 'own.example.com:5000/postgres:15.4' } }")).toMatchObject({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's.
      image: "${GLITCHTIP_POSTGRES_IMAGE:-own.example.com:5000/postgres:15.4}",
      volumes: ["glitchtip-db:/var/lib/postgresql"],
      environment: { PGDATA: "/var/lib/postgresql/15/docker" },
    });
  });

  it("names the volume, and the tools of the backup service are of the same version", () => {
    const found = compose(
      'server: { postgres: { image: "postgres:19", volume: glitchtip-db-19 } }\nbackup: { schedule: "03:15" }',
    );
    expect(found.services["glitchtip-db"]?.volumes).toEqual(["glitchtip-db-19:/var/lib/postgresql"]);
    expect(found.volumes).toHaveProperty("glitchtip-db-19");
    expect(found.volumes).not.toHaveProperty("glitchtip-db");
    expect(found.services["glitchtip-backup-db"]?.image).toContain("postgres:19");
  });
});
