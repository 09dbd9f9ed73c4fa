import type { BundledStack } from "./model.ts";

/** A Compose file by name and form, so that update bots find the images in it and raise their digests. It is committed. */
export const LOCK_FILE = ".glitchtip/compose.lock.yaml";

export interface LockedImage {
  readonly service: string;
  /** The image with its tag. */
  readonly image: string;
  /** Such as sha256:… */
  readonly digest: string;
}

/** Digest by image. */
export type ImageDigests = ReadonlyMap<string, string>;

export function lockText(images: readonly LockedImage[]): string {
  return [
    "# Digests of the stack's images, written by `npx glitchtip-compose lock`. After a person or an update bot",
    "# changes one here, `npx glitchtip-compose init` applies it. `docker compose` itself does not read this file.",
    "services:",
    ...images.map(({ service, image, digest }) => `  ${service}:\n    image: ${image}@${digest}`),
    "",
  ].join("\n");
}

/** Reads the digests, and ignores everything else in the file. */
export const parseLock = (text: string): ImageDigests =>
  new Map(
    [...text.matchAll(/^\s*image:\s*["']?([^\s"'@]+)@(sha256:[0-9a-f]{64})["']?\s*(?:#.*)?$/gm)].map(
      ([, image = "", digest = ""]) => [image, digest],
    ),
  );

/** Returns the stack with digests behind the tags of the images that the lock names. */
export function pinned(stack: BundledStack, lock: ImageDigests): BundledStack {
  const withDigest = (image: string) =>
    image.replace(/(:-)([^}@]+)(?=\}$)/, (whole, start: string, name: string) => {
      const digest = lock.get(name);
      return digest === undefined ? whole : `${start}${name}@${digest}`;
    });
  const services = Object.entries(stack.services).map(([name, service]) => {
    const { image } = service.own;
    return [name, image === undefined ? service : { ...service, own: { ...service.own, image: withDigest(image) } }];
  });
  return {
    ...stack,
    server: { ...stack.server, image: withDigest(stack.server.image ?? "") },
    services: Object.fromEntries(services),
  };
}

/** Returns the variable of .env that replaces an image, from `${GLITCHTIP_IMAGE:-…}`. */
export const imageVariable = (image = ""): string | undefined => /^\$\{(\w+):-/.exec(image)?.[1];
