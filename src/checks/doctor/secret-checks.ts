import { join } from "node:path";
import { agreeing } from "../../base/counted.ts";
import type { ComposeConfig } from "../../compose/model.ts";
import type { Declaration } from "../../config/schema.ts";
import { isMadeSecret, MADE_SECRETS, type MadeSecret, SECRET_NAMES_VARIABLE } from "../../config/secret-volumes.ts";
import type { Docker } from "../../docker/index.ts";
import { privateFolder, referenceToFile } from "../../outputs/private-folder.ts";
import { SETUP } from "../../stack/service-names.ts";
import { oldSecretFiles, refuseUnreadableSecrets, type Workspace } from "../../workspace/index.ts";
import { readStoredValues, type StoredValues } from "../production/secret-values.ts";
import { errorFindings, type Finding, ok, warn } from "./finding.ts";

const INIT = "npx glitchtip-compose init";
const START = "docker compose up -d --wait";

/** The secrets that the stack makes, and which of them are in their volumes. */
export interface MadeSecrets {
  readonly names: readonly MadeSecret[];
  readonly values: StoredValues;
}

/** Reads what the stack has made. Returns undefined where it makes nothing. */
export async function madeSecretsOf(docker: Docker, { services }: ComposeConfig): Promise<MadeSecrets | undefined> {
  const names = services[SETUP]?.environment?.[SECRET_NAMES_VARIABLE]?.split(" ").filter(isMadeSecret) ?? [];
  return names.length === 0 ? undefined : { names, values: await readStoredValues(docker) };
}

/** Checks the secrets that the declaration refers to, and those that the stack makes. `made` is undefined where nothing is known of them. */
export function checkSecrets(
  { dir, declaration, env: workspaceEnv }: Workspace,
  env: Readonly<Record<string, string | undefined>>,
  made: MadeSecrets | undefined,
): Finding[] {
  try {
    refuseUnreadableSecrets(dir, declaration, { ...workspaceEnv, ...env });
    const exposed = exposedReferences(dir, declaration);
    if (made === undefined) return [ok("secrets", "every reference in glitchtip.yaml can be read"), ...exposed];
    return [...madeFindings(dir, made), ...leftoverFindings(dir, made), ...exposed];
  } catch (error) {
    return errorFindings("secrets", error);
  }
}

function madeFindings(dir: string, { names, values }: MadeSecrets): Finding[] {
  const absent = names.filter((name) => values[name] === undefined);
  if (absent.length === 0) return [ok("secrets", "all there and readable")];
  if (absent.length === names.length) {
    const how = oldSecretFiles(dir).length > 0 ? "taken over" : "created";
    return [ok("secrets", `will be ${how} by the first docker compose up`)];
  }
  const shown = absent.map((name) => MADE_SECRETS[name].name).join(", ");
  return [warn("secrets", `in no volume: ${shown}`, START)];
}

/** Finds secrets that `pull` and `init --email-host` of an earlier version have put into the workspace's own folder. */
function exposedReferences(dir: string, declaration: Declaration): Finding[] {
  const found = [...JSON.stringify(declaration).matchAll(/"file:(?:\.\/)?(\.glitchtip\/[^"]+)"/g)].map(
    ([, path]) => path,
  );
  if (found.length === 0) return [];
  const files = [...new Set(found)].join(", ");
  const what = `${files}: in plain text in the project's folder, which is a build context and a bind mount, too`;
  const reference = referenceToFile(join(privateFolder(dir), "secrets", "NAME"));
  return [warn("secrets", what, `Move each out of it and name its new place in glitchtip.yaml, such as ${reference}`)];
}

/** Finds files of an earlier version that nobody reads any more, because the volumes have what they hold. */
function leftoverFindings(dir: string, made: MadeSecrets): Finding[] {
  const files = oldSecretFiles(dir);
  const isTaken = (path: string) =>
    made.names.some((secret) => path.endsWith(`/${MADE_SECRETS[secret].name}`) && made.values[secret] !== undefined);
  const left = files.filter(isTaken);
  if (left.length === 0) return [];
  const what = `${left.join(", ")}: in plain text, and no longer read, because the volumes have them`;
  return [warn("secrets", what, `Delete ${agreeing(left.length, "it", "them")}, then: ${INIT}`)];
}
