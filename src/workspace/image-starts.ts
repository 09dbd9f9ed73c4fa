import { join } from "node:path";
import { agreeing } from "../base/counted.ts";
import { readIfThere } from "../base/files.ts";
import { provisionedApps } from "../config/app-sources.ts";
import { composeProjectNameOf } from "../config/workspace-names.ts";
import type { Docker, ImageStart } from "../docker/index.ts";
import { isWrapped } from "../stack/app-overlay.ts";
import type { KnownImage } from "../stack/model.ts";
import { type Start, startOf, startParts } from "../stack/start.ts";
import { Refusal } from "../stack/user-services.ts";
import { type AskedImage, askedImages } from "./images.ts";
import { hashOf, readManifest } from "./manifest.ts";
import { renderFiles } from "./render.ts";
import { conflictIn, type WorkspaceContext } from "./update.ts";
import { readWorkspace, type Workspace } from "./workspace.ts";

/** An app whose image starts something else than our files say, which restate the image's entrypoint and command. */
export interface ChangedStart {
  readonly service: string;
  readonly image: string;
  /** Missing where the engine does not have the image that the service names now. */
  readonly now?: ImageStart;
}

/** Returns the apps for which our files restate what an image no longer says. */
export async function changedStarts(docker: Pick<Docker, "located">, workspace: Workspace): Promise<ChangedStart[]> {
  const { images } = workspace;
  const asked = askedByImage(workspace);
  if (asked.length === 0) return [];
  const { engine } = await docker.located();
  const changed = await Promise.all(
    asked.map(async ({ service, image, platform, parts }): Promise<ChangedStart[]> => {
      const known = images.known[service];
      const now = await engine.imageStart(image, platform);
      if (now === undefined) return known === undefined ? [{ service, image }] : [];
      return known !== undefined && parts.every((part) => isSame(known[part], now[part]))
        ? []
        : [{ service, image, now }];
    }),
  );
  return changed.flat();
}

const askedByImage = ({ dir, declaration, user, composeProjectName }: Workspace): AskedImage[] =>
  askedImages(declaration, user, composeProjectNameOf(dir, composeProjectName));

const isSame = (known: KnownImage["command"], now: KnownImage["command"]): boolean =>
  JSON.stringify(known) === JSON.stringify(now);

/** Says for a changed start what the image starts now. */
export function changedStartText({ service, image, now }: ChangedStart): string {
  const starts =
    now === undefined ? "are not known yet" : `are ${JSON.stringify([...now.entrypoint, ...now.command])} now`;
  return `${service} would start with the old entrypoint and command of its image: those of ${image} ${starts}`;
}

/**
 * Returns the apps for which our file restates what the user's Compose files no longer say. A file that was edited by hand
 * may say something else on purpose.
 */
async function restatedOtherwise({ dir, declaration, user, images, stackFile }: Workspace): Promise<string[]> {
  const text = readIfThere(join(dir, stackFile));
  const { ours = [], ejected } = readManifest(dir).files[stackFile] ?? {};
  if (text === undefined || ejected || !ours.includes(hashOf(text))) return [];
  const { asMap, parseComposeYaml } = await import("../compose/yaml.ts");
  const services = Object.assign({}, ...parseComposeYaml(stackFile, text).map((file) => asMap(file.services)));
  return Object.entries(provisionedApps(declaration)).flatMap(([name, app]) => {
    const service = Object.hasOwn(user.services, name) ? user.services[name] : undefined;
    if (service === undefined || app.host || !isWrapped(app.inject)) return [];
    const wanted = knownStart(() => startOf(name, app, service, images));
    return wanted === undefined || restates(asMap(services[name]), wanted) ? [] : [name];
  });
}

function knownStart(find: () => Start): Start | undefined {
  try {
    return find();
  } catch (error) {
    // What is wrong with the Compose file is told by those who need it.
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function restates(ours: Readonly<Record<string, unknown>>, { entrypoint, command }: Start): boolean {
  if (JSON.stringify(ours.command) !== JSON.stringify(command)) return false;
  if (typeof entrypoint === "string") return String(ours.entrypoint).endsWith(` ${entrypoint}`);
  const words = Array.isArray(ours.entrypoint) ? ours.entrypoint.map(String) : [];
  return JSON.stringify(words.slice(words.indexOf("--") + 1)) === JSON.stringify(entrypoint);
}

/**
 * Brings our files up to date where an image or a Compose file starts something else than they say, so that the next `up`
 * starts that. Returns the workspace as it is then.
 */
export async function followImages(
  context: WorkspaceContext,
  docker: Pick<Docker, "located">,
  workspace: Workspace,
): Promise<Workspace> {
  const changed = await changedStarts(docker, workspace);
  const restated = changed.length > 0 ? [] : await restatedOtherwise(workspace);
  if (changed.length + restated.length === 0) return workspace;
  for (const one of changed) context.log.info(`${changedStartText(one)}; updating the managed files`);
  for (const service of restated) {
    context.log.info(
      `${service} would start with an entrypoint or a command that your Compose file no longer states; updating the managed files`,
    );
  }
  // `up` would pull and build what is missing as well.
  const { files } = await renderFiles(context, { pull: true, build: true });
  for (const place of conflictIn(files, false)?.problems ?? []) context.log.warn(place);
  return readWorkspace(workspace.dir, context.env);
}

/** Says for each app that starts what its image says how a change of that gets to its container. */
export const imageStartNotes = (workspace: Workspace): string[] =>
  askedByImage(workspace).map(({ service, image, parts }) => {
    const them = agreeing(parts.length, "it", "them");
    return (
      `note: ${service}: ${startParts(parts)} from ${image}, and the generated Compose file has a copy. Nothing needs to be done now. ` +
      `After an update of the image, start with npx glitchtip-compose up, which copies ${them} again; docker compose up alone ` +
      `would start the old ${parts.length === 1 ? "one" : "ones"}. If you state ${them} in your Compose file, nothing is copied`
    );
  });
