import { didYouMean } from "../../base/did-you-mean.ts";
import { CodedError } from "../../base/errors.ts";
import { checkServers } from "../../config/check.ts";
import type { Organization } from "../../glitchtip/wire/shapes.ts";
import type { Kind } from "../../reconcile/index.ts";
import { declaredOrganization } from "./declare.ts";

export interface Choice {
  readonly chosen: readonly Organization[];
  /** What cannot be declared, and why. */
  readonly left: readonly string[];
}

/** Those that were named, by name or slug, or all that the token's account is in. */
export function chosenOrganizations(
  all: readonly Organization[],
  names: readonly string[],
  server: { readonly url: string; readonly token: string },
): Choice {
  const { url } = server;
  const problems: string[] = [];
  const found = names.flatMap((name) => {
    const bySlug = all.filter(({ slug }) => slug === name);
    const same = bySlug.length > 0 ? bySlug : all.filter((one) => one.name === name);
    if (same.length === 0)
      problems.push(`${name}: none of ${list(all)}${didYouMean(name, [...namesOf(all), ...slugsOf(all)])}`);
    if (same.length > 1)
      problems.push(`${name}: ${same.length} are called so; say which one by its slug: ${list(same)}`);
    return same;
  });
  if (problems.length > 0) throw new CodedError("GC1001", `organizations that ${url} does not have:`, { problems });
  const wanted = names.length === 0 ? all : [...new Set(found)];
  const left: string[] = [];
  const taken = new Set<string>();
  const chosen = wanted.filter(({ name, slug }) => {
    const why = taken.has(name) ? "another one has this name" : whyNot(name, slug, server);
    taken.add(name);
    if (why !== undefined) left.push(`organization "${name}" (${slug}) cannot be declared: ${why}`);
    return why === undefined;
  });
  if (chosen.length > 0) return { chosen, left };
  throw new CodedError("GC1209", `the account of this token is in no organization of ${url} that could be declared`, {
    problems: left,
    remedy: "Have it invited to one, or take a token of an account that is in one.",
  });
}

/** One stands at the top, unless its slug has to be said. */
export const standsAtTop = (all: readonly Organization[], chosen: readonly Organization[]): boolean => {
  const [only] = chosen;
  return chosen.length === 1 && only !== undefined && !("slug" in declaredOrganization(only, all));
};

/** What says which organizations a declaration is of. */
export function organizationsOf(
  all: readonly Organization[],
  chosen: readonly Organization[],
  asked: ReadonlySet<Kind>,
): object {
  if (standsAtTop(all, chosen)) return { organization: chosen[0]?.name };
  const body = (one: Organization) => {
    const { projects, ...rest } = declaredOrganization(one, all);
    return asked.has("project") ? { ...rest, projects } : rest;
  };
  return { organizations: Object.fromEntries(chosen.map((one) => [one.name, body(one)])) };
}

/** What the declaration's own rules say against it. */
function whyNot(name: string, slug: string, server: object): string | undefined {
  try {
    checkServers({ version: 1, server, organizations: { [name]: { slug } } }, "", (problems) =>
      problems.map(({ what }) => what),
    );
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error.problems.join("; ");
    throw error;
  }
}

const namesOf = (all: readonly Organization[]) => all.map(({ name }) => name);
const slugsOf = (all: readonly Organization[]) => all.map(({ slug }) => slug);
const list = (all: readonly Organization[]) => slugsOf(all).join(", ") || "none";
