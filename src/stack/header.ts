/** What a managed file begins with, where it can hold a comment. */
export const MADE_BY_US =
  "# Made by glitchtip-compose from glitchtip.yaml: change that file, then run `npx glitchtip-compose render`.";
const YOURS =
  "# Yours since `glitchtip-compose eject`: written no longer. Managed again by: npx glitchtip-compose render --adopt FILE";
export const FURTHER_FILE = "# Settings of your own for a service below go into a further file in COMPOSE_FILE (.env).";
const HERE = "# Settings of your own for a service go here, or into a further file in COMPOSE_FILE (.env).";

const PAIRS = [
  [MADE_BY_US, YOURS],
  [FURTHER_FILE, HERE],
] as const;

/** The same text, its header saying that the file is the user's. */
export const asEjected = (text: string): string =>
  PAIRS.reduce((all, [ours, theirs]) => all.replace(ours, theirs), text);

/** And that it is ours again. */
export const asManaged = (text: string): string =>
  PAIRS.reduce((all, [ours, theirs]) => all.replace(theirs, ours), text);
