import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { writeUserFile } from "../../base/user-file.ts";
import { KINDS, type Kind, type Remark } from "../../reconcile/index.ts";
import type { Connected } from "../connect.ts";
import { type DeclaredServer, declaredServers, type ServersChoice } from "../declared.ts";
import { observeServer } from "../observe.ts";
import { generationFor } from "../plan-servers.ts";
import { coded, impossible, type ReportedProblem } from "../report.ts";
import type { PerServer, Servers } from "../servers.ts";
import { type Brought, bringIn, comparedKinds, type ServerSnapshot, widened } from "./bring-in.ts";
import { openKeeper, type PulledSecret, type SecretKeeper, type SecretsInto } from "./keep-secrets.ts";
import { placeStatusPages } from "./status-pages.ts";
import type { How } from "./wishes.ts";

export { KIND_OF } from "../../reconcile/index.ts";

export interface PullOptions extends ServersChoice {
  /** Kinds that are pulled even where nothing of them is declared. */
  readonly kinds: readonly Kind[];
  readonly secrets: SecretsInto;
  readonly dryRun: boolean;
}

/** Writes what the servers have into the declaration, of the kinds that it manages or that are asked for. */
export async function pull(
  dir: string,
  options: PullOptions,
  open: (declared: readonly DeclaredServer[]) => Servers,
): Promise<PullResult> {
  const declared = declaredServers(dir, options);
  const asked = new Set(options.kinds);
  await using servers = open(declared);
  const all = await servers.each((connected, one) => {
    const keeper = openKeeper(one.dir, connected.desired.name, options.secrets);
    return readForPull(connected, one, asked, keeper);
  });
  return await bringAllIn(all, options);
}

async function bringAllIn(all: readonly PerServer<PullSource>[], { dryRun }: PullOptions): Promise<PullResult> {
  const result = {
    dryRun,
    compared: KINDS.filter((kind) => all.some((one) => "result" in one && one.result.compared.includes(kind))),
    files: [] as PulledFile[],
    changes: [] as PulledThing[],
    secrets: [] as PulledSecret[],
    left: [] as Remark[],
    problems: [] as ReportedProblem[],
  };
  for (const path of new Set(all.map(({ declared }) => declared.path))) {
    const ofFile = all.filter(({ declared }) => declared.path === path);
    const [first] = ofFile;
    if (first === undefined) continue;
    const { file, text: before } = first.declared;
    let text = before;
    const remembered: (() => void)[] = [];
    for (const one of ofFile) {
      if ("error" in one) {
        const where = { instance: one.declared.desired.name, message: one.error.message };
        result.problems.push(coded(where, one.error));
        continue;
      }
      const brought = await bringIn(text, file, one.result);
      text = brought.text;
      result.changes.push(...brought.done.map((wish) => ({ how: wish.how, ...remarkOf(wish) })));
      result.left.push(...one.result.left, ...brought.left.map(remarkOf));
      result.problems.push(...one.result.unread, ...impossible(brought.plan));
      result.secrets.push(...one.result.keeper.needed(brought.text));
      remembered.push(() => {
        one.result.keeper.write(brought.text);
        one.result.remember(brought);
      });
    }
    const changed = text !== before;
    result.files.push({ file, changed, text });
    if (dryRun) continue;
    // Secrets are written first: a reference whose secret is missing would not work.
    for (const write of remembered) write();
    if (changed) writeUserFile(path, text);
  }
  return result;
}

export type PullSource = ServerSnapshot & {
  /** The kinds whose lists are compared. */
  readonly compared: readonly Kind[];
  readonly unread: readonly ReportedProblem[];
  /** What no declaration can hold. */
  readonly left: readonly Remark[];
  /** Stores the ids, if everything was read. */
  remember(brought: Brought): void;
};

/** Reads everything of one server that is declared or asked for. Throws where it cannot be read at all. */
export async function readForPull(
  { context, desired, resolve }: Pick<Connected, "context" | "desired" | "resolve">,
  declared: DeclaredServer,
  asked: ReadonlySet<Kind>,
  keeper: SecretKeeper,
): Promise<PullSource> {
  const wide = widened(desired, asked);
  const whole = wide.listsOrganizations && wide.manages.includes("organization");
  const everything = { ...wide, organizations: whole ? [] : wide.organizations };
  const { observed: found, problems } = await observeServer(context, everything, { everything: true });
  if (found === undefined) throw problems[0]?.error ?? new CodedError("GC1901", `${desired.name} was not read`);
  const pagesAreWanted = whole || wide.organizations.some(({ statusPages }) => statusPages !== undefined);
  const { observed, left } = pagesAreWanted
    ? await placeStatusPages(context.calls, found, desired)
    : { observed: found, left: [] };
  return {
    instance: desired.name,
    compared: comparedKinds(desired, asked),
    left: left.map((message) => ({ instance: desired.name, message })),
    observed,
    generation: generationFor(declared, observed.version).generation,
    known: context.store.known,
    asked,
    keeper,
    resolve,
    unread: problems.map(({ error, kind: _, ...remark }) => coded(remark, error)),
    remember({ plan }) {
      if (problems.length === 0 && plan.errors.length === 0) context.store.replace(plan.known);
    },
  };
}

/** Returns only the fields of a remark. */
export const remarkOf = ({ instance, organization, project, message }: Remark): Remark => ({
  instance,
  ...defined({ organization, project }),
  message,
});

export interface PulledThing extends Remark {
  readonly how: How;
}

export interface PulledFile {
  readonly file: string;
  readonly changed: boolean;
  /** The declaration's text after the command, or after it without --dry-run. */
  readonly text: string;
}

export interface PullResult {
  readonly dryRun: boolean;
  /** The kinds whose lists were compared with a server's. */
  readonly compared: readonly Kind[];
  readonly files: readonly PulledFile[];
  readonly changes: readonly PulledThing[];
  readonly secrets: readonly PulledSecret[];
  /** What a declaration cannot hold. */
  readonly left: readonly Remark[];
  readonly problems: readonly ReportedProblem[];
}
