import { rmSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { writeOne } from "../base/files.ts";
import { writeUserFile } from "../base/user-file.ts";
import type { ComposeConfig } from "../compose/model.ts";
import { baseImage, hasContainers } from "../running/index.ts";
import { imageVariable, LOCK_FILE, type LockedImage, lockText } from "../stack/lock.ts";
import { isStackService } from "../stack/service-names.ts";
import { type ComposeTemplates, isTemplateName } from "../stack/templates.ts";
import { packageAssets } from "./assets.ts";
import { readDeclarationText } from "./declaration-file.ts";
import { setVariable } from "./env-file.ts";
import { updateWorkspace, type WorkspaceContext } from "./update.ts";
import { readEnvText, readWorkspaceWith } from "./workspace.ts";

/** What `lock` asks of Docker. */
export interface LockDocker {
  config(): Promise<ComposeConfig>;
  /** Returns the image's digest in its registry, or undefined where it was built here or is not here. */
  digest(reference: string): Promise<string | undefined>;
}

export interface LockResult {
  readonly file: string;
  readonly pinned: readonly LockedImage[];
  /** Images without a digest, one line each. */
  readonly unpinned: readonly string[];
  readonly dryRun: boolean;
}

/** Pins the images of our services to their digests, and renders the managed files with them. Throws GC1607 where no image has one. */
export async function lockImages(
  context: WorkspaceContext,
  docker: LockDocker,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<LockResult> {
  const { dir, assets = packageAssets() } = context;
  const text = readDeclarationText(dir);
  const templates = assets.compose();
  const { services } = await docker.config();
  const pinned: LockedImage[] = [];
  const unpinned: string[] = [];
  for (const [service, composed] of Object.entries(services)) {
    const image = baseImage(composed);
    if (!isStackService(service) || !hasContainers(composed) || image === undefined) continue;
    const name = image.replace(/@.*$/, "");
    const digest = (await docker.digest(name)) ?? (await docker.digest(image));
    if (digest === undefined) unpinned.push(`${service}: ${name} has no registry digest on this machine`);
    else pinned.push({ service, image: name, digest });
  }
  if (pinned.length === 0) {
    throw new CodedError("GC1607", "no image has a registry digest, so none can be pinned", {
      problems: unpinned,
      remedy:
        "docker compose pull, then run npx glitchtip-compose lock again. Images that are built here have no such digest before they are pushed.",
    });
  }
  if (!dryRun) {
    writeOne(join(dir, LOCK_FILE), lockText(pinned), 0o644);
    writeEnv(dir, pinned, templates);
    await update(context, text);
  }
  return { file: LOCK_FILE, pinned, unpinned, dryRun };
}

/** An image that .env names wins over ours, so it is pinned in .env. */
function writeEnv(dir: string, pinned: readonly LockedImage[], templates: ComposeTemplates): void {
  const before = readEnvText(dir);
  const after = pinned.reduce((text, { service, image, digest }) => {
    const own = isTemplateName(service) ? templates(service).image : undefined;
    const variable = imageVariable(own ?? templates("server").image);
    const stated = variable && new RegExp(`^\\s*${variable}=`, "m").test(text);
    return stated ? setVariable(text, variable, `${image}@${digest}`) : text;
  }, before);
  if (after !== before) writeUserFile(join(dir, ".env"), after);
}

/** Removes the digests: the images are named by their tags again. */
export async function unlockImages(context: WorkspaceContext): Promise<void> {
  const text = readDeclarationText(context.dir);
  rmSync(join(context.dir, LOCK_FILE), { force: true });
  await update(context, text);
}

async function update(context: WorkspaceContext, text: string): Promise<void> {
  await updateWorkspace(context, await readWorkspaceWith(context, text), { stateBy: "declaration" });
}
