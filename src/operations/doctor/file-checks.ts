import { join } from "node:path";
import { parse } from "yaml";
import { didYouMean } from "../../base/did-you-mean.ts";
import { readIfThere } from "../../base/files.ts";
import { STACK_FILE } from "../../stack/render.ts";
import type { Assets } from "../project/assets.ts";
import { planWrites } from "../project/managed.ts";
import { type Project, renderProject } from "../project/read.ts";
import { missingSecrets } from "../project/secrets.ts";
import { isOurs } from "../running-stack.ts";
import { type Finding, fail, failure, ok, warn } from "./finding.ts";

const INIT = "npx glitchtip-compose init";

/** What can be told without an engine. */
export function checkFiles(
  project: Project,
  assets: Assets,
  env: Readonly<Record<string, string | undefined>>,
): Finding[] {
  return [
    ok("declaration", `glitchtip.yaml is valid: ${Object.keys(project.declaration.apps).length} apps`),
    ...orphans(project),
    ...managedFiles(project, assets),
    ...secrets(project, env),
  ];
}

/** A service that only our file still knows makes every compose command fail, with a text that names no cause. */
function orphans({ dir, user, composeFiles }: Project): Finding[] {
  const text = readIfThere(join(dir, STACK_FILE));
  const known = Object.keys(user.services);
  const users = composeFiles.filter((file) => file !== STACK_FILE).join(", ");
  return servicesIn(text)
    .filter((name) => !isOurs(name) && !known.includes(name))
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

function managedFiles(project: Project, assets: Assets): Finding[] {
  try {
    const { files } = renderProject(project, assets);
    const { created, changed, kept, refused } = planWrites(project.dir, files, assets.version);
    const findings = [
      ...[...kept, ...refused].map((path) => {
        const first = path === STACK_FILE ? "move the change to a Compose file of your own, then " : "";
        return warn(
          "files",
          `${path} was edited by hand`,
          `To have it made anew: ${first}remove ${path}, then: ${INIT}`,
        );
      }),
      ...created.map((path) => fail("files", `${path} is missing`, INIT)),
      ...changed.map((path) => warn("files", `${path} is older than glitchtip.yaml or this version`, INIT)),
    ];
    return findings.length > 0 ? findings : [ok("files", "the managed files are as generated")];
  } catch (error) {
    return failure("files", error);
  }
}

function secrets(
  { dir, declaration, env: projectEnv }: Project,
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
