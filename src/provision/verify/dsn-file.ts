import { CodedError } from "../../base/errors.ts";
import { Secret } from "../../base/secret.ts";
import { DSN_DIR } from "../../stack/service-names.ts";

/** Reads a file as a container sees it. */
export type ReadFile = (path: string) => Promise<string | undefined>;

/** The DSN that the app's container has in its volume. */
export async function dsnOf(app: string, variable: string, readFile: ReadFile): Promise<Secret> {
  const text = await readFile(`${DSN_DIR}/${app}.env`);
  if (text === undefined) {
    throw new CodedError("GC1605", `app ${app} has no DSN yet: ${DSN_DIR}/${app}.env is not in its container`, {
      remedy: "docker compose logs glitchtip-provision tells why; then: docker compose up -d --wait",
    });
  }
  const start = `export ${variable}='`;
  const line = text.split("\n").find((one) => one.startsWith(start) && one.endsWith("'"));
  if (line === undefined) {
    throw new CodedError("GC1605", `app ${app}: ${DSN_DIR}/${app}.env does not set ${variable}`, {
      remedy: "npx glitchtip-compose init, then: docker compose up -d --wait",
    });
  }
  return new Secret(line.slice(start.length, -1));
}
