import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import type { ComposeTemplates, StackTexts } from "../../stack/model.ts";
import { parseTemplates } from "../../stack/templates.ts";

declare const VERSION: string;

/** What the package brings along: template texts and the provisioner's bundle. */
export interface Assets {
  readonly version: string;
  compose(): ComposeTemplates;
  texts(): StackTexts;
  sample(name: "compose.yaml" | "server.mjs"): string;
  /** The script that sends an event from inside an app's container. */
  sendEvent(): string;
}

/** Read from the package this code runs in, source tree or published. */
export function packageAssets(root = packageRoot()): Assets {
  const text = (path: string) => {
    const found = readIfThere(join(root, path));
    if (found !== undefined) return found;
    throw new CodedError("GC1901", `${path} is missing in this package`, {
      remedy: "In a clone: npm run build. Otherwise install glitchtip-compose again.",
    });
  };
  return {
    version: VERSION,
    compose() {
      // In the source tree the YAML is the truth; the build ships it parsed.
      const parsed = import.meta.url.endsWith(".ts") ? undefined : readIfThere(join(root, "dist/templates.json"));
      if (parsed !== undefined) return JSON.parse(parsed) as ComposeTemplates;
      return parseTemplates((name) => text(`templates/compose/${name}.yaml`));
    },
    texts: () => ({
      withDsn: text("templates/with-dsn"),
      gate: text("templates/init/gate.py"),
      provisioner: text("dist/provisioner.mjs"),
      provisionerDockerfile: () => text("images/provisioner/Dockerfile"),
    }),
    sample: (name) => text(`templates/sample-app/${name}`),
    sendEvent: () => text("templates/send-event"),
  };
}

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "templates", "compose"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new CodedError("GC1901", "the package's templates folder is missing");
    folder = parent;
  }
  return folder;
}

/** True for `text` that is the sample application's own Compose file, so made by an earlier, interrupted run. */
export const isSample = (text: string, assets: Assets): boolean => text === assets.sample("compose.yaml");
