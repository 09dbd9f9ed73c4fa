import { join } from "node:path";
import { agreeing } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { UserProject, UserService } from "../compose/model.ts";
import { provisionedApps } from "../config/app-sources.ts";
import type { Declaration } from "../config/schema.ts";
import { composeProjectNameOf } from "../config/workspace-names.ts";
import type { WorkspaceIdentity } from "../running/index.ts";
import { IMAGES_FILE } from "../stack/managed-files.ts";
import type { ImageKnowledge, KnownImage, UnknownStart } from "../stack/model.ts";
import { onlyInImage, startParts } from "../stack/start.ts";
import type { WorkspaceDocker } from "./docker.ts";
import type { Workspace } from "./workspace.ts";

/** An app whose entrypoint or command only its image states. */
export interface AskedImage {
  readonly service: string;
  /** The reference by which the engine knows it. */
  readonly image: string;
  /** The reference that the service states; undefined where Compose makes one from the Compose project's name. */
  readonly stated?: string;
  readonly platform?: string;
  readonly built: boolean;
  /** What only the image states. */
  readonly parts: ReturnType<typeof onlyInImage>;
}

/** Returns the service's image, or the name that Compose gives to one that it builds. */
const referenceOf = (service: string, { image }: UserService, composeProject: string): string =>
  image || `${composeProject}-${service}`;

/** Returns what tells this workspace's stack from others on the engine. The shell's COMPOSE_PROJECT_NAME wins. */
export const workspaceIdentity = (
  { dir, composeProjectName, instance }: Pick<Workspace, "dir" | "composeProjectName" | "instance">,
  env: Readonly<Record<string, string | undefined>>,
): WorkspaceIdentity => ({
  dir,
  project: env.COMPOSE_PROJECT_NAME || composeProjectNameOf(dir, composeProjectName),
  instance,
});

/** Returns the apps whose start has to be read from their image. */
export function askedImages(declaration: Declaration, user: UserProject, composeProject: string): AskedImage[] {
  return Object.entries(provisionedApps(declaration)).flatMap(([name, app]) => {
    const service = !app.host && Object.hasOwn(user.services, name) ? user.services[name] : undefined;
    if (service === undefined || service.provider) return [];
    const parts = onlyInImage(app, service);
    if (parts.length === 0) return [];
    const { platform, built = false } = service;
    // A variable without a value leaves a name empty, of which no engine can say anything.
    if (!service.image && !built) return [];
    return [
      {
        service: name,
        image: referenceOf(name, service, composeProject),
        built,
        parts,
        ...defined({ platform, stated: service.image || undefined }),
      },
    ];
  });
}

/** Returns what an earlier run learned about the images that the services still name. */
export function rememberedImages(dir: string, asked: readonly AskedImage[]): ImageKnowledge {
  const text = readIfThere(join(dir, IMAGES_FILE));
  const found = parsed(text);
  const same = asked.flatMap(({ service, image, stated }) => {
    const { image: known, ...start } = found[service] ?? {};
    // An earlier version noted the name that Compose makes, too.
    const isSame = "entrypoint" in start && (known === stated || known === image);
    return isSame ? [[service, { ...defined({ image: stated }), ...start }] as const] : [];
  });
  return { known: Object.fromEntries(same) };
}

function parsed(text: string | undefined): ImageKnowledge["known"] {
  try {
    return (JSON.parse(text ?? "{}") as { services?: ImageKnowledge["known"] }).services ?? {};
  } catch {
    return {};
  }
}

export interface ImageOptions {
  /** Fetch images that are not there. */
  readonly pull?: boolean;
  /** Build images that are not there. */
  readonly build?: boolean;
  readonly dryRun?: boolean;
  /** What was typed, for an error that asks to type it again with one of these flags. */
  readonly commandLine?: string;
  /** Asks a person whether to do it now. */
  ask?(question: string): Promise<boolean>;
}

/** Asks the engine how these images start. Images that it does not have are pulled or built where that is wanted. */
export async function askImages(
  docker: WorkspaceDocker | undefined,
  asked: readonly AskedImage[],
  { known }: ImageKnowledge,
  composeFiles: readonly string[],
  options: ImageOptions,
): Promise<Pick<ImageKnowledge, "known" | "why">> {
  if (docker === undefined || asked.length === 0) return { known };
  const found: Record<string, KnownImage> = { ...known };
  const look = async (images: readonly AskedImage[]): Promise<AskedImage[]> => {
    const starts = await Promise.all(images.map(({ image, platform }) => docker.image(image, platform)));
    return images.filter(({ service, stated }, i) => {
      const start = starts[i];
      if (start !== undefined) found[service] = { ...defined({ image: stated }), ...start };
      return start === undefined;
    });
  };
  try {
    let missing = await look(asked);
    for (const how of ["pull", "build"] as const) {
      const these = missing.filter(({ built }) => built === (how === "build"));
      if (these.length === 0 || !(await wanted(how, these, options))) continue;
      await docker.obtain(
        how,
        composeFiles,
        these.map(({ service }) => service),
      );
      missing = [...missing.filter((one) => !these.includes(one)), ...(await look(these))];
    }
    const why = ({ built }: AskedImage): UnknownStart => (built ? "unbuilt" : "absent");
    // In the declaration's order, so that the file does not depend on which answer came first.
    const inOrder = asked.flatMap(({ service }) =>
      found[service] === undefined ? [] : [[service, found[service]] as const],
    );
    return {
      known: Object.fromEntries(inOrder),
      why: Object.fromEntries(missing.map((one) => [one.service, why(one)])),
    };
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== "GC1601") throw error;
    return {
      known,
      why: Object.fromEntries(asked.map(({ service }) => [service, "no engine" as const])),
    };
  }
}

async function wanted(how: "pull" | "build", images: readonly AskedImage[], options: ImageOptions): Promise<boolean> {
  if (options.dryRun === true) return false;
  if (options[how] !== undefined) return options[how];
  const why = images.map(({ service, image, parts }) => `${service}: ${startParts(parts)} from the image ${image}`);
  const count = images.length;
  const [it, lacks] = [agreeing(count, "it", "them"), agreeing(count, "which is", "which are")];
  const question =
    how === "pull"
      ? `${why.join("; ")}, ${lacks} not on this machine. Pull ${it} now?`
      : `${why.join("; ")}, ${lacks} not built yet. Build ${it} now?`;
  return (await options.ask?.(question)) ?? false;
}
