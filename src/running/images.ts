import { agreeing } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { isStackService } from "../stack/service-names.ts";
import type { RunningStack } from "./observe.ts";

export interface UsedImage {
  readonly image: string;
  readonly services: readonly string[];
  /** Whether only services of the stack use it. */
  readonly ours: boolean;
  /** Whether Compose builds it. */
  readonly built: boolean;
}

/** Every image that a service starts from. Compose names an image that it builds after Compose project and service. */
export function usedImages({ config }: Pick<RunningStack, "config">): UsedImage[] {
  const users = new Map<string, string[]>();
  const built = new Set<string>();
  for (const [service, { image, provider, build }] of Object.entries(config.services)) {
    if (provider !== undefined) continue;
    const name = image ?? `${config.name}-${service}`;
    if (build) built.add(name);
    users.set(name, [...(users.get(name) ?? []), service]);
  }
  return [...users]
    .map(([image, services]) => ({
      image,
      services: services.sort(),
      ours: services.every(isStackService),
      built: built.has(image),
    }))
    .sort((a, b) => (a.image < b.image ? -1 : 1));
}

/** Returns the id of each image. Throws GC1610 with all that this engine does not have. */
export async function requireImages(docker: Docker, images: readonly string[]): Promise<Map<string, string>> {
  const found = await Promise.all(
    images.map(async (image) => {
      const { code, stdout } = await docker.cli(["image", "inspect", "--format", "{{.Id}}", image]);
      return [image, code === 0 ? stdout.trim() : undefined] as const;
    }),
  );
  const missing = found.filter(([, id]) => id === undefined).map(([image]) => image);
  if (missing.length > 0) {
    throw new CodedError("GC1610", `${agreeing(missing.length, "an image is", "images are")} not on this engine`, {
      problems: missing,
      remedy: "docker compose pull, and docker compose build for those you build; then run the command again.",
    });
  }
  return new Map(found.map(([image, id]) => [image, id ?? ""]));
}

/** The variable of .env that sets the image of a service (templates/compose). */
const IMAGE_VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/^glitchtip(-init|-worker)?$/, "GLITCHTIP_IMAGE"],
  [/^glitchtip(-backup)?-db$/, "GLITCHTIP_POSTGRES_IMAGE"],
  [/^glitchtip-(valkey|service-queue)$/, "GLITCHTIP_VALKEY_IMAGE"],
  [/^glitchtip-(provision|backup|care|service(-worker|-watch)?)$/, "GLITCHTIP_NODE_IMAGE"],
  [/^glitchtip-busybox$/, "GLITCHTIP_BUSYBOX_IMAGE"],
  [/^glitchtip-proxy$/, "GLITCHTIP_CADDY_IMAGE"],
];

export interface PushedImage {
  readonly image: string;
  /** Its name in the other registry. */
  readonly as: string;
  readonly digest: string;
  /** The line for .env that makes the stack use the pushed image. */
  readonly env?: string;
}

/** The name of an image in another registry: the last part of its own, with its tag. Throws GC1610 without a tag. */
export function pushedName(image: string, to: string): string {
  const name = image.replace(/@.*$/, "").split("/").at(-1) ?? image;
  const prefix = to.replace(/\/+$/, "");
  const tagged = name.includes(":") ? name : `${name}:latest`;
  if (!/:latest$/.test(tagged)) return `${prefix}/${tagged}`;
  throw new CodedError("GC1610", `${image} has no tag of its own, and latest may be another image tomorrow`, {
    remedy: "Give it a version: docker tag, and state it in .env or your Compose file.",
  });
}

/** Tags and pushes an image. Throws GC1610 if the registry has one of that name and `overwrite` is not set. */
export async function pushImage(
  docker: Docker,
  { image, services }: UsedImage,
  to: string,
  overwrite: boolean,
): Promise<PushedImage> {
  const as = pushedName(image, to);
  const there = await docker.cli(["manifest", "inspect", "--insecure", as]);
  if (there.code === 0 && !overwrite) {
    throw new CodedError("GC1610", `${as} is in the registry already`, {
      remedy: "If you mean to replace it: --overwrite",
    });
  }
  const tagged = await docker.cli(["tag", image, as]);
  if (tagged.code !== 0) throw pushFailed(`${image} could not be tagged`, tagged.stderr);
  const { code, stdout, stderr } = await docker.cli(["push", as]);
  if (code !== 0) throw pushFailed(`${as} could not be pushed`, stderr);
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1] ?? "";
  const variable = services.map((service) => IMAGE_VARIABLES.find(([of]) => of.test(service))?.[1]).find(Boolean);
  return { image, as, digest, ...defined({ env: variable && `${variable}=${as}` }) };
}

const pushFailed = (what: string, stderr: string) =>
  new CodedError("GC1610", what, {
    problems: lastLines(stderr, 3),
    remedy: "Is the registry reachable, and are you signed in? docker login",
  });
