export const STACK_FILE = "compose.glitchtip.yaml";
/**
 * What images said about their start, so that a run without an engine writes the same. A file of ours and not the
 * declaration: what a user states there stays, what an image says has to follow the image. No image ids: they differ
 * from machine to machine, and the file is committed.
 */
export const IMAGES_FILE = ".glitchtip/images.json";
export const SECRETS_FOLDER = ".glitchtip/secrets";
