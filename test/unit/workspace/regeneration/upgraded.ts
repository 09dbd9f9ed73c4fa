import { initWorkspace } from "../../../../src/init/init.ts";
import type { ComposeTemplates } from "../../../../src/stack/templates.ts";
import { type RenderOptions, renderFiles } from "../../../../src/workspace/render.ts";
import { baseTexts, TemporaryFolder, testAssets, writeBaseTexts } from "../../../support/workspace.ts";

export const STACK = "compose.override.yaml";
export const GATE = ".glitchtip/gate.py";
/** The warnings since the workspace was made. */
export const warnings: string[] = [];
export const log = { info() {}, step() {}, debug() {}, warn: (text: string) => warnings.push(text) };

/** Returns a workspace as version 1.0.0 of the tool wrote it. */
export async function project(): Promise<TemporaryFolder> {
  const folder = new TemporaryFolder();
  await initWorkspace({ dir: folder.path, log, env: {}, assets: testAssets() }, { organization: "Acme" });
  warnings.length = 0;
  return folder;
}

interface Upgrade extends RenderOptions {
  readonly version?: string;
  /** Changes the templates of this version into those of another one. */
  readonly templates?: (text: string) => string;
}

/** Renders the workspace by another version of the tool, whose templates differ. */
export function upgrade(folder: TemporaryFolder, { version = "1.0.0", templates, ...options }: Upgrade = {}) {
  const assets = testAssets(version);
  const compose = (): ComposeTemplates => {
    const original = assets.compose();
    return (name) => JSON.parse((templates ?? ((text) => text))(JSON.stringify(original(name))));
  };
  return renderFiles({ dir: folder.path, log, env: {}, assets: { ...assets, compose } }, options);
}

/** Returns the text of our Compose file from which the next merge starts. */
export const base = (folder: TemporaryFolder) => baseTexts(folder)[STACK] ?? "";
export const writeBase = (folder: TemporaryFolder, text: string) =>
  writeBaseTexts(folder, { ...baseTexts(folder), [STACK]: text });
export const edit = (folder: TemporaryFolder, path: string, change: (text: string) => string) =>
  folder.write(path, change(folder.read(path)));
export const declareSplit = (folder: TemporaryFolder) =>
  edit(folder, "glitchtip.yaml", (text) => text.replace("server:", "server:\n  topology: split"));
export const newInterval = (text: string) => text.replaceAll('"start_interval":"1s"', '"start_interval":"2s"');
