import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { writeUserFile } from "../../base/user-file.ts";
import { organizationParts, serverParts } from "../../config/inside/parts.ts";
import { loadServers } from "../../config/load.ts";
import { MANAGEABLE } from "../../config/schema/inside/server.ts";
import { KIND_OF, type Kind, type Remark, resolveDesired } from "../../reconcile/index.ts";
import type { Connected } from "../connect.ts";
import { type DeclaredServer, serversIn } from "../declared.ts";
import { newText } from "../import/text.ts";
import { impossible } from "../report.ts";
import type { Servers } from "../servers.ts";
import { bringIn } from "./bring-in.ts";
import { edited } from "./document.ts";
import { openKeeper, type SecretsInto } from "./keep-secrets.ts";
import { chosenOrganizations, organizationsOf, standsAtTop } from "./new-organizations.ts";
import { checkPullToken } from "./new-token.ts";
import type { PullResult } from "./result.ts";
import { remarkOf, seeServer } from "./see.ts";

export interface NewFileOptions {
  /** The declaration to make. */
  readonly file: string;
  readonly server: { readonly url: string; readonly token: string; readonly ca?: string };
  /** By name or slug; none: all that the token's account is in. */
  readonly organizations: readonly string[];
  /** Empty: all. */
  readonly kinds: readonly Manageable[];
  readonly secrets: SecretsInto;
  readonly dryRun: boolean;
}

type Manageable = (typeof MANAGEABLE)[number];

/** Found out before anything is asked of anybody. */
export function refuseDeclared(dir: string, file: string): void {
  if (!existsSync(resolve(dir, file))) return;
  throw new CodedError("GC1001", `${file} is there already, and --url makes a new one`, {
    remedy: `To bring all that its server has into it: glitchtip-compose pull --all. To make another one: --file NAME.yaml`,
  });
}

/** The declaration of a server that nobody has declared. Nothing is written where anything could not be read. */
export async function pullNew(
  dir: string,
  options: NewFileOptions,
  open: (declared: readonly DeclaredServer[]) => Servers,
): Promise<PullResult> {
  const { file, server } = options;
  refuseDeclared(dir, file);
  // Only to connect: which organizations there are, nobody knows yet.
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
  // A declaration of part of a server says so: else the next plan and pull would be of more.
  const manage = onlySome ? { manage: words } : {};
  const text = newText({ version: 1, server, ...manage, ...organizationsOf(all, chosen, asked) }, server.url);
  const [declared] = serversIn(dir, file, text);
  if (declared === undefined) throw new CodedError("GC1901", `${instance} is not in ${file}`);
  const desired = await resolveDesired(declared.desired, connected.resolve);
  const keeper = openKeeper(dirname(declared.path), instance, secrets);
  const seen = await seeServer({ ...connected, desired }, declared, asked, keeper);
  const result = await bringIn(text, file, seen);
  const problems = [...seen.unread, ...impossible(result.plan)];
  const whole = !words.includes("projects") ? withoutFields(result.text, file) : result.text;
  if (problems.length === 0 && !dryRun) {
    // Secrets first: a reference without its secret would be no declaration that works.
    refuseDeclared(dir, file);
    keeper.write(whole);
    seen.remember(result);
    writeUserFile(declared.path, whole);
  }
  // Who looks for organizations that are not declared finds these, too.
  const told = asked.has("organization") || desired.listsOrganizations;
  const own: Remark[] = told ? [] : left.map((message) => ({ instance, message }));
  return {
    dryRun,
    files: problems.length === 0 ? [{ file, changed: true, text: whole }] : [],
    changes: result.done.map((wish) => ({ how: wish.how, ...remarkOf(wish) })),
    left: [...own, ...seen.left, ...result.left.map(remarkOf)],
    secrets: keeper.needed(whole),
    problems,
  };
}

const IN_PROJECTS: ReadonlySet<Kind> = new Set(["key", "alert", "monitor"]);

/** What stands in projects has no place without them. */
function kindsToRead(words: readonly Manageable[]): ReadonlySet<Kind> {
  const wanted = words.map((word) => KIND_OF[word]);
  return new Set(wanted.some((kind) => IN_PROJECTS.has(kind)) ? [...wanted, "project"] : wanted);
}

/** Of projects that are not managed, what says which ones they are. */
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
