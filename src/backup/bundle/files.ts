import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { STACK_FILE } from "../../stack/render.ts";
import { DECLARATION_FILE, SECRET_FILES, type Workspace } from "../../workspace/index.ts";
import { ENV_NAMES, envText, managedFiles } from "../stack-sources.ts";

export interface BundleFile {
  readonly path: string;
  readonly content: string;
}

/** By an allow-list: what we manage, the declaration, the Compose files, and of .env only our own settings. */
export function bundleFiles(project: Workspace, without: readonly string[]): BundleFile[] {
  const { dir, composeFiles } = project;
  const paths = [DECLARATION_FILE, ...managedFiles(dir), ...composeFiles.filter((path) => !without.includes(path))];
  const files = [...new Set(paths)]
    .filter((path) => !path.startsWith("..") && existsSync(join(dir, path)))
    .map((path) => ({ path, content: readIfThere(join(dir, path)) ?? "" }));
  const others = Object.keys(project.env).filter((name) => !ENV_NAMES.includes(name));
  const env = `${envText(project.env)}${others.map((name) => `# ${name}=\n`).join("")}`;
  const all = [...files, { path: "env.example", content: env }];
  refuseSecrets(project, all);
  return all;
}

/** Names whose values are secrets as a rule; what comes from elsewhere is none. */
const LITERAL =
  /(?:^|[\s{,"'-])(\w*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY)\w*)["']?\s*[:=]\s*["']?([^\s"'#,}]+)/gi;

/** A bundle travels: none of the values that are secrets here may be in it, and none that looks like one. */
function refuseSecrets({ dir, env, declaration }: Workspace, files: readonly BundleFile[]): void {
  const referenced = [...JSON.stringify(declaration).matchAll(/"file:([^"]+)"/g)].map(([, path = ""]) => path);
  const known = [
    ...[...SECRET_FILES, ...referenced].map((path) => [path, readIfThere(resolve(dir, path))?.trim()] as const),
    ...Object.entries(env).flatMap(([name, value]) =>
      ENV_NAMES.includes(name) ? [] : [[`${name} of .env`, value] as const],
    ),
  ].filter(([, value]) => (value?.length ?? 0) >= 8);
  const problems = files.flatMap(({ path, content }) => [
    ...known.filter(([, value]) => content.includes(value ?? "")).map(([name]) => `${path} holds the value of ${name}`),
    // What we generate names secrets and holds none.
    ...(path === STACK_FILE || path.startsWith(".glitchtip/") ? [] : literals(path, content)),
  ]);
  if (problems.length === 0) return;
  throw new CodedError("GC1610", "the bundle would hold secrets", {
    problems,
    remedy: "Put them into .env or a secret file, or leave that file out: --without FILE",
  });
}

function literals(path: string, content: string): string[] {
  return content.split("\n").flatMap((line, at) =>
    [...line.replace(/^\s*#.*/, "").matchAll(LITERAL)].flatMap(([, name = "", value = ""]) => {
      const isElsewhere = /^(\$|[[{&*]|\/run\/|true$|false$|file:|env:|vault:)/.test(value) || /_FILE$/i.test(name);
      return isElsewhere ? [] : [`${path}, line ${at + 1}: ${name} has its value there`];
    }),
  );
}
