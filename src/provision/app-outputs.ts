import { CodedError } from "../base/errors.ts";
import { variablesOf } from "../config/app-variables.ts";
import { provisionedApps } from "../config/given-dsn.ts";
import { composeDsn } from "../glitchtip/dsn.ts";
import type { Known } from "../glitchtip/identity.ts";
import type { DsnParts } from "../glitchtip/wire/dsn.ts";
import type { AppStatus } from "../outputs/dsn-volume.ts";
import { renderEnvFile } from "../outputs/env-file.ts";
import { projectName } from "./desired.ts";
import type { ProvisionInput } from "./provision.ts";

/** What one app gets. */
export interface AppOutput {
  readonly app: string;
  readonly status: AppStatus;
  /** A secret. */
  readonly envFile: string;
}

/** Of every app, from the projects and keys that are known now. */
export function appOutputs(
  { projects }: Pick<Known, "projects">,
  { declaration, baseUrls }: Pick<ProvisionInput, "declaration" | "baseUrls">,
): AppOutput[] {
  return Object.entries(provisionedApps(declaration)).map(([app, declared]) => {
    const variables = variablesOf(declared);
    const known = projects[projectName(declaration, declared.project)];
    if (known?.key === undefined) throw new CodedError("GC1901", `app ${app}: its project has no key`);
    const parts: DsnParts = { key: known.key, projectId: known.id };
    const dsns = variables.map(({ name, audience }) => [name, composeDsn(baseUrls[audience], parts)] as const);
    const status: AppStatus = {
      project: known.slug,
      projectId: known.id,
      variables: Object.fromEntries(variables.map(({ name, audience }) => [name, audience])),
      dsn: known.proved ? "proved" : "accepted",
    };
    return { app, status, envFile: renderEnvFile(Object.fromEntries(dsns)) };
  });
}
