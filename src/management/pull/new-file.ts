import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { didYouMean } from "../../base/did-you-mean.ts";
import { CodedError } from "../../base/errors.ts";
import { writeUserFile } from "../../base/user-file.ts";
import { checkServers } from "../../config/check.ts";
import { organizationParts, serverParts } from "../../config/contents.ts";
import { loadServers } from "../../config/load.ts";
import { MANAGEABLE } from "../../config/schema/servers.ts";
import type { Calls } from "../../glitchtip/calls/index.ts";
import type { Organization } from "../../glitchtip/wire/shapes.ts";
import { KIND_OF, type Kind, type Remark, resolveDesired } from "../../reconcile/index.ts";
import type { Connected } from "../connect.ts";
import { type DeclaredServer, serversIn } from "../declared.ts";
import { newText } from "../import/text.ts";
import { impossible } from "../report.ts";
import type { Servers } from "../servers.ts";
import { bringIn } from "./bring-in.ts";
import { declaredOrganization } from "./declare.ts";
import { edited } from "./document.ts";
import { type PullResult, readForPull, remarkOf } from "./index.ts";
import { openKeeper, type SecretsInto } from "./keep-secrets.ts";

export interface NewFileOptions {
  /** The file of the new declaration. */
  readonly file: string;
  readonly server: { readonly url: string; readonly token: string; readonly ca?: string };
  /** Names or slugs; if empty, all organizations of the token's account. */
  readonly organizations: readonly string[];
  /** If empty, all kinds. */
  readonly kinds: readonly Manageable[];
  readonly secrets: SecretsInto;
  readonly dryRun: boolean;
}

type Manageable = (typeof MANAGEABLE)[number];

/** Refuses a file that exists, before any request is sent. */
export function refuseDeclared(dir: string, file: string): void {
  if (!existsSync(resolve(dir, file))) return;
  throw new CodedError("GC1001", `${file} exists already, and --url creates a new one`, {
    remedy: `To add everything that its server holds: npx glitchtip-compose pull --all. To create another file: --file NAME.yaml`,
  });
}

/** Creates the declaration of a server that is not declared yet. Writes nothing where anything could not be read. */
export async function pullNew(
  dir: string,
  options: NewFileOptions,
  open: (declared: readonly DeclaredServer[]) => Servers,
): Promise<PullResult> {
  const { file, server } = options;
  refuseDeclared(dir, file);
  // This stub only connects: the organizations are not known yet.
  const stub = serversIn(dir, file, newText({ version: 1, server, organization: "none" }, server.url));
  await using servers = open(stub);
  const [only] = await servers.each((connected, declared) => brought(dir, options, connected, declared));
  if (only === undefined) throw new CodedError("GC1901", `${server.url} was not read`);
  if ("error" in only) throw only.error;
  return only.result;
}

async function brought(
  dir: string,
  { file, server, organizations: named, kinds, secrets, dryRun }: NewFileOptions,
  connected: Connected,
  { desired: { name: instance } }: DeclaredServer,
): Promise<PullResult> {
  const { calls } = connected.context;
  const words = (kinds.length === 0 ? MANAGEABLE : kinds).filter(
    (word) => named.length === 0 || word !== "organizations",
  );
  const asked = kindsToRead(words);
  await checkPullToken(calls, server.url, asked);
  const all = await calls.organizations.list();
  const { chosen, left } = chosenOrganizations(all, named, server);
  const onlySome = kinds.length > 0 || (named.length > 0 && !standsAtTop(all, chosen));
  // A partial declaration names its kinds in `manage`; otherwise the next plan and pull would cover more.
  const manage = onlySome ? { manage: words } : {};
  const text = newText({ version: 1, server, ...manage, ...organizationsOf(all, chosen, asked) }, server.url);
  const [declared] = serversIn(dir, file, text);
  if (declared === undefined) throw new CodedError("GC1901", `${instance} is not in ${file}`);
  const desired = await resolveDesired(declared.desired, connected.resolve);
  const keeper = openKeeper(dirname(declared.path), instance, secrets);
  const seen = await readForPull({ ...connected, desired }, declared, asked, keeper);
  const result = await bringIn(text, file, seen);
  const problems = [...seen.unread, ...impossible(result.plan)];
  const whole = !words.includes("projects") ? withoutFields(result.text, file) : result.text;
  if (problems.length === 0 && !dryRun) {
    // Secrets are written first: a reference whose secret is missing would not work.
    refuseDeclared(dir, file);
    keeper.write(whole);
    seen.remember(result);
    writeUserFile(declared.path, whole);
  }
  // Where undeclared organizations are read, these are reported by that.
  const told = asked.has("organization") || desired.listsOrganizations;
  const own: Remark[] = told ? [] : left.map((message) => ({ instance, message }));
  return {
    dryRun,
    compared: seen.compared,
    files: problems.length === 0 ? [{ file, changed: true, text: whole }] : [],
    changes: result.done.map((wish) => ({ how: wish.how, ...remarkOf(wish) })),
    left: [...own, ...seen.left, ...result.left.map(remarkOf)],
    secrets: keeper.needed(whole),
    problems,
  };
}

const IN_PROJECTS: ReadonlySet<Kind> = new Set(["key", "alert", "monitor"]);

/** Returns the kinds to read. What belongs to projects needs the projects, too. */
function kindsToRead(words: readonly Manageable[]): ReadonlySet<Kind> {
  const wanted = words.map((word) => KIND_OF[word]);
  return new Set(wanted.some((kind) => IN_PROJECTS.has(kind)) ? [...wanted, "project"] : wanted);
}

/** Removes from unmanaged projects the fields that do not identify them. */
function withoutFields(text: string, file: string): string {
  const edits = serverParts(loadServers(text, file))
    .flatMap((part) => organizationParts(part))
    .flatMap(({ path, body }) =>
      Object.entries(body.projects ?? {}).flatMap(([key, project]) =>
        (["team", "platform", "throttle"] as const)
          .filter((field) => project[field] !== undefined)
          .map((field) => ({ path: [...path, "projects", key, field], value: undefined })),
      ),
    );
  return edited(text, edits);
}

export interface Choice {
  readonly chosen: readonly Organization[];
  /** Why an organization cannot be declared, one sentence each. */
  readonly left: readonly string[];
}

/** Returns the organizations with these names or slugs, or all of the token's account where none is named. */
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

/** Tells whether the organization can be declared at the top: there is one, and its slug need not be declared. */
export const standsAtTop = (all: readonly Organization[], chosen: readonly Organization[]): boolean => {
  const [only] = chosen;
  return chosen.length === 1 && only !== undefined && !("slug" in declaredOrganization(only, all));
};

/** Returns the part of a declaration that names its organizations. */
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

/** Returns why the declaration's own rules refuse the organization; undefined if they accept it. */
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

/** The scopes that reading all kinds needs. */
export const PULL_SCOPES: readonly string[] = ["org:read", "team:read", "project:read", "member:read"];

/**
 * Checks that the server is a GlitchTip and that the token has all scopes that the pull needs. Without a scope, lists are
 * empty or refused one by one (scopes scenario), and the declaration would be incomplete without a word.
 */
export async function checkPullToken({ server }: Calls, url: string, asked: ReadonlySet<Kind>): Promise<void> {
  await server.settings();
  const scopes = await server.tokenScopes();
  const needed = PULL_SCOPES.filter((scope) => scope !== "member:read" || asked.has("member"));
  const remedy = `Create one there (Profile, Auth Tokens) with ${needed.join(", ")}, and put it where --token points.`;
  if (scopes === undefined) throw new CodedError("GC1304", `${url} does not know this API token`, { remedy });
  const missing = needed.filter((scope) => !scopes.includes(scope));
  if (missing.length === 0) return;
  throw new CodedError("GC1305", `${url}: this API token lacks ${missing.join(", ")}`, { remedy });
}
