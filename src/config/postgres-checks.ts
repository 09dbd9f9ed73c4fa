import { postgresMebibytes } from "./schema/postgres.ts";
import { mebibytes } from "./schema/production.ts";
import type { Declaration } from "./schema.ts";
import type { Problem } from "./server.ts";

/** templates/compose/glitchtip-db.yaml */
const DEFAULT_MEMORY = "512m";

/** What the settings of Postgres cannot be beside the rest of the declaration. */
export function postgresChecks({ postgres, server, limits }: Declaration): Problem[] {
  if (postgres === undefined) return [];
  if (server.database !== "bundled") {
    return [
      {
        path: ["postgres"],
        what: "is for the Postgres of this stack, and server.database is one of yours",
        atKey: true,
      },
    ];
  }
  const memory = limits?.database?.memory ?? DEFAULT_MEMORY;
  const { shared_buffers: buffers } = postgres;
  if (buffers === undefined || postgresMebibytes(buffers) * 2 <= mebibytes(memory)) return [];
  const what = `${buffers} is more than half of limits.database.memory (${memory}): Postgres would be killed`;
  return [{ path: ["postgres", "shared_buffers"], what }];
}
