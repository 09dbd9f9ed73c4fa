import { CodedError } from "../../../../src/base/errors.ts";
import { initWorkspace } from "../../../../src/init/init.ts";
import type { AddOptions, addApp } from "../../../../src/workspace/apps.ts";
import type { WorkspaceDocker } from "../../../../src/workspace/docker.ts";
import { TemporaryFolder, testAssets } from "../../../support/workspace.ts";

/** The user's own Compose file. */
export const COMPOSE = `services:
  api: { image: shop/api, entrypoint: [node], command: [a.js] }
  worker: { image: shop/worker:2, command: [w.js] }
  jobs: { build: ., platform: linux/arm64 }
  db: { image: postgres:18 }
`;

interface Engine {
  images?: Record<string, { entrypoint: string[]; command: string[] }>;
  answers?: boolean;
}

/** Returns a fake engine with these images. Pulling or building adds one. */
export function engine({ images = {}, answers = true }: Engine = {}): WorkspaceDocker & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    config: async () => undefined,
    async image(reference, platform) {
      if (!answers) throw new CodedError("GC1601", "no engine");
      calls.push(platform === undefined ? reference : `${reference} for ${platform}`);
      return images[reference];
    },
    async obtain(how, files, services) {
      calls.push(`${how} ${services.join(" ")} of ${files.join(" ")}`);
      for (const service of services) {
        images[service === "jobs" ? "shop-jobs" : "shop/worker:2"] = { entrypoint: ["tini"], command: ["run"] };
      }
    },
  };
}

interface Setup {
  readonly folder: TemporaryFolder;
  readonly warnings: string[];
  readonly infos: string[];
  context(docker?: WorkspaceDocker): Parameters<typeof addApp>[0];
}

export async function project(compose = COMPOSE): Promise<Setup & Disposable> {
  const folder = new TemporaryFolder();
  const warnings: string[] = [];
  folder.write("compose.yaml", compose);
  folder.write(".dockerignore", ".glitchtip\nbackups\n");
  folder.write(".env", "COMPOSE_PROJECT_NAME=shop\n");
  const infos: string[] = [];
  const log = {
    info: (text: string) => infos.push(text),
    step() {},
    debug() {},
    warn: (text: string) => warnings.push(text),
  };
  const context = (docker?: WorkspaceDocker) => ({
    dir: folder.path,
    log,
    env: {},
    assets: testAssets(),
    ...(docker === undefined ? {} : { docker }),
  });
  await initWorkspace(context(), { apps: { api: "shop" }, organization: "Acme" });
  return { folder, warnings, infos, context, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

export const START: AddOptions = { entrypoint: ["docker-entrypoint.sh"] };
