import type { OurStack } from "./services.ts";

/** Committed, and a Compose file by name and form: so update bots find the images in it and raise their digests. */
export const LOCK_FILE = ".glitchtip/compose.lock.yaml";

export interface LockedImage {
  readonly service: string;
  /** With its tag. */
  readonly image: string;
  /** sha256:… */
  readonly digest: string;
}

/** Digest by image. Whatever else the file holds is not ours to judge. */
export type Lock = ReadonlyMap<string, string>;

export function lockText(images: readonly LockedImage[]): string {
  return [
    "# Digests of the images in compose.glitchtip.yaml. Made by `npx glitchtip-compose lock`; one that a person or an update",
    "# bot changes here is taken over by `npx glitchtip-compose init`. Not for `docker compose` itself.",
    "services:",
    ...images.map(({ service, image, digest }) => `  ${service}:\n    image: ${image}@${digest}`),
    "",
  ].join("\n");
}

export const parseLock = (text: string): Lock =>
  new Map(
    [...text.matchAll(/^\s*image:\s*["']?([^\s"'@]+)@(sha256:[0-9a-f]{64})["']?\s*(?:#.*)?$/gm)].map(
      ([, image = "", digest = ""]) => [image, digest],
    ),
  );

/** The stack with each image's digest behind its tag, where the lock has that very image. */
export function pinned(stack: OurStack, lock: Lock): OurStack {
  const withDigest = (image: unknown) =>
    String(image).replace(/(:-)([^}@]+)(?=\}$)/, (whole, start: string, name: string) => {
      const digest = lock.get(name);
      return digest === undefined ? whole : `${start}${name}@${digest}`;
    });
  const services = Object.entries(stack.services).map(([name, service]) => {
    const { image } = service.own;
    return [name, image === undefined ? service : { ...service, own: { ...service.own, image: withDigest(image) } }];
  });
  return {
    ...stack,
    server: { ...stack.server, image: withDigest(stack.server.image) },
    services: Object.fromEntries(services),
  };
}

/** The variable of .env that says another image: `${GLITCHTIP_IMAGE:-…}`. */
export const imageVariable = (image: unknown): string | undefined => /^\$\{(\w+):-/.exec(String(image))?.[1];
