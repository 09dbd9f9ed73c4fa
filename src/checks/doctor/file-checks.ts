import { join } from "node:path";
import { parse } from "yaml";
import { didYouMean } from "../../base/did-you-mean.ts";
import { readIfThere } from "../../base/files.ts";
import { STACK_FILE } from "../../stack/render.ts";
import { isStackService } from "../../stack/service-names.ts";
import {
  type Assets,
  appsWithLostWrapper,
  lostWrapperRemedy,
  lostWrapperText,
  missingSecrets,
  type PlannedFile,
  planManagedFiles,
  renderWorkspace,
  type Workspace,
} from "../../workspace/index.ts";
import { type Finding, fail, failure, ok, warn } from "./finding.ts";

const INIT = "npx glitchtip-compose init";
const RENDER = "npx glitchtip-compose render";

/** What can be told without an engine. */
export async function checkFiles(
  project: Workspace,
  assets: Assets,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Finding[]> {
  return [
    ok("declaration", `glitchtip.yaml is valid: ${Object.keys(project.declaration.apps).length} apps`),
    ...orphans(project),
    ...[...(await appsWithLostWrapper(project))].map(([app, path]) =>
      fail("services", lostWrapperText(app, path), lostWrapperRemedy),
    ),
    ...(await managedFiles(project, assets)),
    ...secrets(project, env),
  ];
}

/** A service that only our file still knows makes every compose command fail, with a text that names no cause. */
function orphans({ dir, user, composeFiles }: Workspace): Finding[] {
  // Only Compose knows all services then, and it has its own check.
  if (user.elsewhere !== undefined) return [];
  const text = readIfThere(join(dir, STACK_FILE));
  const known = Object.keys(user.services);
  const users = composeFiles.filter((file) => file !== STACK_FILE).join(", ");
  return servicesIn(text)
    .filter((name) => !isStackService(name) && !known.includes(name))
    .map((name) =>
      fail(
        "services",
        `${STACK_FILE} adds to service "${name}", which ${users} no longer has${didYouMean(name, known)}`,
        `Rename or remove apps.${name} in glitchtip.yaml, then: ${INIT}`,
      ),
    );
}

function servicesIn(text: string | undefined): string[] {
  try {
    return Object.keys((parse(text ?? "", { merge: true }) as { services?: object } | null)?.services ?? {});
  } catch {
    return [];
  }
}

async function managedFiles(project: Workspace, assets: Assets): Promise<Finding[]> {
  const { elsewhere } = project.user;
  if (elsewhere !== undefined)
    return [ok("files", `not compared: ${elsewhere.join("; ")}, which only docker compose reads`)];
  try {
    const { files } = renderWorkspace(project, assets);
    const plan = await planManagedFiles(project.dir, files, assets.version);
    const findings = plan.files.flatMap(findingOf);
    return findings.length > 0 ? findings : [ok("files", "the managed files are as generated")];
  } catch (error) {
    return failure("files", error);
  }
}

function findingOf({ path, state, after, notNeeded }: PlannedFile): Finding[] {
  switch (state) {
    case "new":
      return [fail("files", `${path} is missing`, RENDER)];
    case "changed":
      return [warn("files", `${path} is older than glitchtip.yaml or this version`, RENDER)];
    case "merged":
      return [warn("files", `${path} was edited by hand and is older than glitchtip.yaml or this version`, RENDER)];
    case "removed":
      return [warn("files", `${path} is no longer needed`, RENDER)];
    case "conflict":
      return [warn("files", `${path} was edited by hand where ours has changed too`, RENDER)];
    case "kept":
      if (notNeeded) return [warn("files", `${path} is no longer needed, and was edited by hand`, `Remove ${path}`)];
      return [warn("files", `${path} was edited by hand`, anew(path))];
    case "ejected":
      if (after === undefined) return [ok("files", `${path} is yours`)];
      return [warn("files", `${path} is yours, and what we would write has changed`, `${RENDER} --adopt ${path}`)];
    case "same":
      return [];
  }
}

const anew = (path: string): string => {
  const first = path === STACK_FILE ? "move the change to a Compose file of your own, then " : "";
  return `To have it made anew: ${first}remove ${path}, then: ${RENDER}`;
};

function secrets(
  { dir, declaration, env: projectEnv }: Workspace,
  env: Readonly<Record<string, string | undefined>>,
): Finding[] {
  try {
    const missing = missingSecrets(dir, declaration, { ...projectEnv, ...env });
    if (missing.length === 0) return [ok("secrets", "all there and readable")];
    return missing.map((path) =>
      fail("secrets", `${path} is missing`, `Restore it from a backup; for a new installation: ${INIT}`),
    );
  } catch (error) {
    return failure("secrets", error);
  }
}
