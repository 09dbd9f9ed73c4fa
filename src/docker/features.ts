/** A feature that the generated files use, and what brought it. */
interface Feature {
  readonly name: string;
  /** What goes wrong without it. */
  readonly without: string;
  readonly since: string;
}

/** By the API's version, which other engines than Docker's tell as well; 1.44 is Docker Engine 25. */
const OF_ENGINE: readonly Feature[] = [
  {
    name: "healthcheck.start_interval",
    without: "each health check waits half a minute for its first look",
    since: "1.44",
  },
];

const OF_COMPOSE: readonly Feature[] = [
  { name: "depends_on.required", without: "a broken GlitchTip takes your applications down", since: "2.20.2" },
  { name: "configs.content", without: "the wrapper does not get into your applications", since: "2.23.1" },
];

const lacking = (features: readonly Feature[], version: string): string[] =>
  features
    .filter(({ since }) => isOlder(version, since))
    .map(({ name, without, since }) => `${name} (since ${since}): ${without}`);

/** What this engine cannot do that the stack needs, one line each. */
export const missingInEngine = (apiVersion: string): string[] => lacking(OF_ENGINE, apiVersion);

/** What this Compose cannot do that the stack needs, one line each. */
export const missingInCompose = (version: string): string[] => lacking(OF_COMPOSE, version);

/** By their numbers; a `v` before them and anything after is left out. A version that tells none is not older. */
function isOlder(version: string, than: string): boolean {
  const numbers = (text: string) => (/\d+(\.\d+)*/.exec(text)?.[0] ?? "").split(".").map(Number);
  if (!/\d/.test(version)) return false;
  const [have, want] = [numbers(version), numbers(than)];
  for (const [i, wanted] of want.entries()) {
    const found = have[i] ?? 0;
    if (found !== wanted) return found < wanted;
  }
  return false;
}
