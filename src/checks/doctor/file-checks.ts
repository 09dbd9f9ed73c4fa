import { join } from "node:path";
import { parse } from "yaml";
import { counted } from "../../base/counted.ts";
import { didYouMean } from "../../base/did-you-mean.ts";
import { readIfThere } from "../../base/files.ts";
import { resolveServer, serverKind } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import { STACK_FILES } from "../../stack/managed-files.ts";
import { isStackService } from "../../stack/service-names.ts";
import {
  type Assets,
  appsWithLostWrapper,
  type ComparedSecret,
  changedStarts,
  changedStartText,
  discoveryProblem,
  exposureRemedy,
  exposures,
  exposureText,
  lostWrapperRemedy,
  lostWrapperText,
  type PlannedFile,
  planManagedFiles,
  renderWorkspace,
  type Workspace,
} from "../../workspace/index.ts";
import { errorFindings, type Finding, fail, ok, warn } from "./finding.ts";

const INIT = "npx glitchtip-compose init";
const UP = "npx glitchtip-compose up";
const RENDER = "npx glitchtip-compose render";

/** Checks the files of the workspace, for which no engine is needed. */
export async function checkWorkspaceFiles(
  workspace: Workspace,
  assets: Assets,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Finding[]> {
  return [
    ok("declaration", `glitchtip.yaml is valid: ${counted(Object.keys(workspace.declaration.apps).length, "app")}`),
    ...orphans(workspace),
    ...discoveryFindings(workspace, env),
    ...[...(await appsWithLostWrapper(workspace))].map(([app, path]) =>
      fail("services", lostWrapperText(app, path), lostWrapperRemedy),
    ),
    ...(await managedFileFindings(workspace, assets)),
    ...serverFindings(workspace),
    ...exposures(workspace).map((one) => warn("exposure", exposureText(one), exposureRemedy(one))),
  ];
}

/** Returns what the declared server costs that nobody would expect. */
function serverFindings({ declaration }: Workspace): Finding[] {
  if (serverKind(declaration) !== "bundled") return [];
  const { warnings = [] } = resolveServer(declaration.server).server ?? {};
  return warnings.map((warning) => warn("server", warning, `Change server in glitchtip.yaml, then: ${INIT}`));
}

function discoveryFindings(workspace: Workspace, env: Readonly<Record<string, string | undefined>>): Finding[] {
  const problem = discoveryProblem(workspace, env);
  return problem === undefined ? [] : [fail("files", problem.what, problem.fix)];
}

/**
 * Finds services that only the generated file still names. They make every command of Compose fail, with a message that
 * does not tell the cause.
 */
function orphans({ dir, user, composeFiles, stackFile }: Workspace): Finding[] {
  // Where Compose reads more files, only Compose knows all services, and its own check reports this.
  if (user.elsewhere !== undefined) return [];
  const text = readIfThere(join(dir, stackFile));
  const known = Object.keys(user.services);
  const users = composeFiles.filter((file) => file !== stackFile).join(", ");
  return servicesIn(text)
    .filter((name) => !isStackService(name) && !known.includes(name))
    .map((name) =>
      fail(
        "services",
        `${stackFile} adds to service "${name}", which ${users} no longer has${didYouMean(name, known)}`,
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

async function managedFileFindings(workspace: Workspace, assets: Assets): Promise<Finding[]> {
  const { elsewhere } = workspace.user;
  if (elsewhere !== undefined)
    return [ok("files", `not compared: ${elsewhere.join("; ")}, which only docker compose reads`)];
  try {
    const { files } = renderWorkspace(workspace, assets);
    const plan = await planManagedFiles(workspace.dir, files, assets.version);
    const findings = plan.files.flatMap(findingOf);
    return findings.length > 0 ? findings : [ok("files", "the managed files are as generated")];
  } catch (error) {
    return errorFindings("files", error);
  }
}

function findingOf({ path, state, after, notNeeded }: PlannedFile): Finding[] {
  switch (state) {
    case "new":
      return [fail("files", `${path} is missing`, RENDER)];
    case "changed":
      return [warn("files", `${path} is older than glitchtip.yaml, your Compose files or this version`, RENDER)];
    case "merged":
      return [
        warn(
          "files",
          `${path} was edited by hand and is older than glitchtip.yaml, your Compose files or this version`,
          RENDER,
        ),
      ];
    case "removed":
      return [warn("files", `${path} is no longer needed`, RENDER)];
    case "conflict":
      return [warn("files", `${path} was edited on lines that the tool changes too`, RENDER)];
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

/** Finds apps for which our files restate a start that their image no longer says. */
export async function checkImageStarts(docker: Docker, workspace: Workspace): Promise<Finding[]> {
  const changed = await changedStarts(docker, workspace);
  // An image that is not there yet is not compared.
  const known = changed.filter(({ now }) => now !== undefined);
  return known.map((one) => fail("images", changedStartText(one), "npx glitchtip-compose up"));
}

const anew = (path: string): string => {
  const first = STACK_FILES.includes(path) ? "move the change to a Compose file of your own, then " : "";
  return `To get the generated file back: ${first}remove ${path}, then: ${RENDER}`;
};

/** Checks that what the containers read is what Vault has. */
export function checkVaultSecrets(secrets: readonly ComparedSecret[]): Finding[] {
  const findings = secrets.flatMap(({ key, reference, state, problem }) => {
    if (state === "new") {
      const why = problem === undefined ? "" : `, and it cannot be read from there: ${problem.message}`;
      return [fail("vault", `${key}: the stack lacks the value of ${reference}${why}`, problem?.remedy ?? UP)];
    }
    if (state === "changed") {
      const fix = `${UP} && docker compose up -d --force-recreate`;
      return [fail("vault", `${key}: the stack has an old value: ${reference} has changed`, fix)];
    }
    if (problem === undefined) return [];
    return [warn("vault", `${key}: it cannot be compared with Vault: ${problem.message}`, problem.remedy ?? UP)];
  });
  return secrets.length > 0 && findings.length === 0 ? [ok("vault", "the stack has Vault's current values")] : findings;
}
