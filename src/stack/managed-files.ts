import { createHash } from "node:crypto";
import type { RenderedFile } from "./model.ts";

export { ENV_FOLDER } from "../compose/model.ts";

/** Our Compose file where COMPOSE_FILE in .env lists it. */
export const STACK_FILE = "compose.glitchtip.yaml";
/** Our Compose file where Compose finds it by itself. */
export const OVERRIDE_FILE = "compose.override.yaml";
/** Our Compose file where it is the only one: Compose reads an override file only beside another. */
export const ALONE_FILE = "compose.yaml";
/** The names that our Compose file may have. */
export const STACK_FILES: readonly string[] = [STACK_FILE, OVERRIDE_FILE, ALONE_FILE];
/**
 * What images said about their start, so that a run without an engine renders the same files. It is no part of the
 * declaration, because it follows the images. It is committed, so it has no image ids, which differ between machines.
 */
export const IMAGES_FILE = ".glitchtip/images.json";
/** The texts that we wrote last, from which a merge with the user's edits starts. */
export const BASE_TEXTS_FILE = ".glitchtip/base.json.gz";

/** What of `.glitchtip` is no part of a commit. */
export const GIT_IGNORED = "/secrets/\n/env/\n/state/\n";

/**
 * What reviewers' tools fold away: copies of the package's programs, and what follows from glitchtip.yaml. The settings of
 * a proxy are to be read. A merge of branches puts no markers into the manifest, so that it can be parsed afterwards.
 */
export const GIT_ATTRIBUTES = `# Made by glitchtip-compose. After a merge of branches: npx glitchtip-compose render
* text eol=lf linguist-generated gitlab-generated
.git* -linguist-generated -gitlab-generated
proxy/** -linguist-generated -gitlab-generated
/manifest.json -merge
/base.json.gz -text -diff -merge
`;

export const SECRETS_FOLDER = ".glitchtip/secrets";

export const managed = (path: string, content: string, mode = 0o644): RenderedFile => ({
  path,
  // A file on disk is compared without the line ends of Windows, which the licences in a bundle may have.
  content: content.replaceAll("\r\n", "\n"),
  mode,
  kind: "managed",
});

export const settingsText = (settings: object): string => `${JSON.stringify(settings, null, 2)}\n`;

/**
 * Returns a hash for a service's labels or environment, so that Compose makes a new container when a mounted file
 * changes. The old container would go on to read the old file.
 */
export function fingerprint(...texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text);
  return hash.digest("hex");
}

/** The first line of a managed file that can hold a comment. */
export const MADE_BY_US =
  "# Made by glitchtip-compose from glitchtip.yaml: change that file, then run `npx glitchtip-compose init`.";
/** The same line as earlier versions wrote it. */
const FORMERLY_MADE_BY_US =
  "# Made by glitchtip-compose from glitchtip.yaml: change that file, then run `npx glitchtip-compose render`.";
const EJECTED =
  "# Yours since `glitchtip-compose eject`: written no longer. Managed again by: npx glitchtip-compose render --adopt FILE";
const FURTHER_FILE =
  "# Put your own settings for a service below into another file, listed last in COMPOSE_FILE (.env).";
const THIS_FILE =
  "# Put your own settings for a service here, or into another file, listed last in COMPOSE_FILE (.env).";

const HEADERS = [
  [MADE_BY_US, EJECTED],
  [FURTHER_FILE, THIS_FILE],
  [FORMERLY_MADE_BY_US, EJECTED],
] as const;

/**
 * Returns the lines on top of our Compose file. COMPOSE_FILE takes the place of what Compose finds by itself, so it has
 * to name those files as well. The text is the same however Compose finds our file, so that a change of that is a rename.
 * `baseFile` is the user's, beside which Compose finds an override file.
 */
export function composeHeader(stackFile: string, baseFile: string | undefined): string[] {
  const found = stackFile === ALONE_FILE ? ALONE_FILE : baseFile && `${baseFile}:${OVERRIDE_FILE}`;
  const line = found === undefined ? [] : [`# If .env has no COMPOSE_FILE yet: COMPOSE_FILE=${found}:mine.yaml`];
  return [MADE_BY_US, FURTHER_FILE, ...line];
}

/** Returns true for a Compose file that we made, also where it was ejected. */
export const isMadeByUs = (text: string): boolean =>
  [MADE_BY_US, FORMERLY_MADE_BY_US, EJECTED].some((line) => text.startsWith(line));

/** Returns the text with a header that says that the file is the user's. */
export const asEjected = (text: string): string =>
  HEADERS.reduce((all, [ours, theirs]) => all.replace(ours, theirs), text);

/** Returns the text with the header of a managed file. */
export const asManaged = (text: string): string =>
  HEADERS.reduce((all, [ours, theirs]) => all.replace(theirs, ours), text);
