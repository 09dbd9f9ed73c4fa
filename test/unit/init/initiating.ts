import { type InitOptions, type InitResult, initWorkspace } from "../../../src/init/init.ts";
import { type TemporaryFolder, testAssets } from "../../support/workspace.ts";

/** The user's own Compose file. */
export const SERVICE = "services:\n  api:\n    image: shop/api\n    entrypoint: [node]\n    command: [server.js]\n";

/** Executes `init` in a folder, and collects its warnings. */
export function run(
  folder: TemporaryFolder,
  options: InitOptions = {},
  more: { version?: string; warnings?: string[]; instance?: string } = {},
): Promise<InitResult> {
  const log = { info() {}, step() {}, debug() {}, warn: (text: string) => more.warnings?.push(text) };
  const takenInstance = async () => more.instance;
  return initWorkspace({ dir: folder.path, log, env: {}, assets: testAssets(more.version), takenInstance }, options);
}
