import { type ImportedServer, KeyReader, present } from "../imported.ts";
import type { DataFile } from "./files.ts";
import { vaultReference } from "./secret.ts";
import type { Told } from "./told.ts";

export type FoundInstance = Omit<ImportedServer, "organizations" | "manage"> & { readonly path: string };

/** qontract-reconcile takes 0 for unset (project-alerts.md 1.2). */
const USUAL_TIMEOUT_SECONDS = 30;
const USUAL_RETRIES = 3;

/** `/glitchtip/instance-1.yml` */
export function readInstance({ path, value }: DataFile, told: Told): FoundInstance {
  const keys = new KeyReader(value).ignore("$schema", "labels", "description");
  const name = keys.text("name") ?? "";
  const url = keys.text("consoleUrl");
  const token = vaultReference(keys.get("automationToken"), `${path}: automationToken`, told);
  if (name === "") told.problem(path, "name is missing");
  if (url === undefined) told.problem(path, "consoleUrl is missing");
  if (token === undefined) told.problem(path, "automationToken is missing");
  const seconds = keys.number("readTimeout") || USUAL_TIMEOUT_SECONDS;
  const retries = keys.number("maxRetries") || USUAL_RETRIES;
  if (keys.get("automationUserEmail") !== undefined) {
    told.leave(
      path,
      "automationUserEmail",
      "is not needed: the server tells whose the token is, and that account is never removed",
    );
  }
  if (keys.get("mailDomain") !== undefined) {
    told.leave(path, "mailDomain", "has no place: members are declared by their whole address");
  }
  const bridge = {
    alertUrl: keys.text("glitchtipJiraBridgeAlertUrl"),
    token: vaultReference(keys.get("glitchtipJiraBridgeToken"), `${path}: glitchtipJiraBridgeToken`, told),
  };
  told.leaveRest(path, "", keys);
  return {
    path,
    name,
    ...present({
      url: url?.replace(/\/+$/, ""),
      token,
      timeoutMs: seconds === USUAL_TIMEOUT_SECONDS ? undefined : seconds * 1_000,
      retries: retries === USUAL_RETRIES ? undefined : retries,
      jiraBridge:
        bridge.alertUrl === undefined
          ? undefined
          : present({ ...bridge, alertUrl: bridge.alertUrl.replace(/[/?]+$/, "") }),
    }),
  };
}
