import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { DECLARATION_FILE, OLD_SECRET_FILES, type Workspace } from "../../workspace/index.ts";
import { ENV_NAMES, managedFiles, ownEnvText } from "../stack-sources.ts";

export interface BundleFile {
  readonly path: string;
  readonly content: string;
}

/**
 * Returns the declaration, the managed files, the Compose files except `without`, and an example of .env that has the
 * tool's own settings and only the names of the others. Throws GC1610 where one of them would hold a secret.
 */
export function bundleFiles(workspace: Workspace, without: readonly string[]): BundleFile[] {
  const { dir, composeFiles } = workspace;
  const paths = [DECLARATION_FILE, ...managedFiles(dir), ...composeFiles.filter((path) => !without.includes(path))];
  const files = [...new Set(paths)]
    .filter((path) => !path.startsWith("..") && existsSync(join(dir, path)))
    .map((path) => ({ path, content: readIfThere(join(dir, path)) ?? "" }));
  const others = Object.keys(workspace.env).filter((name) => !ENV_NAMES.includes(name));
  const env = `${ownEnvText(workspace.env)}${others.map((name) => `# ${name}=\n`).join("")}`;
  const all = [...files, { path: "env.example", content: env }];
  refuseSecrets(workspace, all);
  return all;
}

/** A setting whose name says that its value is a secret. */
const SECRET_SETTING =
  /(?:^|[\s{,"'-])(\w*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY)\w*)["']?\s*[:=]\s*["']?([^\s"'#,}]+)/gi;

/** A bundle is carried to other machines: it may hold no value of a known secret, and none that looks like a secret. */
function refuseSecrets({ dir, env, declaration, stackFile }: Workspace, files: readonly BundleFile[]): void {
  const referenced = [...JSON.stringify(declaration).matchAll(/"file:([^"]+)"/g)].map(([, path = ""]) => path);
  const known = [
    ...[...OLD_SECRET_FILES, ...referenced].map((path) => [path, readIfThere(resolve(dir, path))?.trim()] as const),
    ...Object.entries(env).flatMap(([name, value]) =>
      ENV_NAMES.includes(name) ? [] : [[`${name} of .env`, value] as const],
    ),
  ].filter(([, value]) => (value?.length ?? 0) >= 8);
  const problems = files.flatMap(({ path, content }) => [
    ...known.filter(([, value]) => content.includes(value ?? "")).map(([name]) => `${path} holds the value of ${name}`),
    // Generated files name secrets and hold none.
    ...(path === stackFile || path.startsWith(".glitchtip/") ? [] : secretsWrittenInto(path, content)),
  ]);
  if (problems.length === 0) return;
  throw new CodedError("GC1610", "the bundle would hold secrets", {
    problems,
    remedy: "Put them into .env or a secret file, or leave that file out: --without FILE",
  });
}

function secretsWrittenInto(path: string, content: string): string[] {
  return content.split("\n").flatMap((line, at) =>
    [...line.replace(/^\s*#.*/, "").matchAll(SECRET_SETTING)].flatMap(([, name = "", value = ""]) => {
      const isElsewhere = /^(\$|[[{&*]|\/run\/|true$|false$|file:|env:|vault:)/.test(value) || /_FILE$/i.test(name);
      return isElsewhere ? [] : [`${path}, line ${at + 1}: the value of ${name} is written out`];
    }),
  );
}
