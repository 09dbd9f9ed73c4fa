import { CodedError } from "../../../base/errors.ts";
import { writeUsersFile } from "../../../base/users-file.ts";
import type { Remark } from "../../../reconcile/server/action.ts";
import type { Kind } from "../../../reconcile/server/model.ts";
import { type DeclaredServer, declaredServers, type ServersChoice } from "../declared.ts";
import { generationFor } from "../look.ts";
import { observeServer } from "../observe.ts";
import { coded, type ReportedProblem } from "../report.ts";
import type { PerServer, Servers } from "../servers.ts";
import { type Brought, bringIn, type Seen } from "./bring-in.ts";
import { openKeeper, type PulledSecret, type SecretsInto } from "./keep-secrets.ts";
import { widened } from "./widen.ts";
import type { How } from "./wishes.ts";

export { KIND_OF } from "../../../reconcile/server/scope.ts";

export interface PullOptions extends ServersChoice {
  /** Also of these kinds, where nothing of them is declared. */
  readonly kinds: readonly Kind[];
  readonly secrets: SecretsInto;
  readonly dryRun: boolean;
}

export interface PulledThing extends Remark {
  readonly how: How;
}

export interface PulledFile {
  readonly file: string;
  readonly changed: boolean;
  /** The declaration as it is now, or would be. */
  readonly text: string;
}

export interface PullResult {
  readonly dryRun: boolean;
  readonly files: readonly PulledFile[];
  readonly changes: readonly PulledThing[];
  readonly secrets: readonly PulledSecret[];
  /** What has no place in a declaration. */
  readonly left: readonly Remark[];
  readonly problems: readonly ReportedProblem[];
}

type SeenServer = Seen & { readonly unread: readonly ReportedProblem[]; remember(brought: Brought): void };

/** Writes what the servers have into the declaration: what it manages, and what is asked for. */
export async function pull(
  dir: string,
  options: PullOptions,
  open: (declared: readonly DeclaredServer[]) => Servers,
): Promise<PullResult> {
  const declared = declaredServers(dir, options);
  const asked = new Set(options.kinds);
  await using servers = open(declared);
  const all = await servers.each(async ({ context, desired, resolve }, one): Promise<SeenServer> => {
    const wide = widened(desired, asked);
    const whole = wide.listsOrganizations && wide.manages.includes("organization");
    const everything = { ...wide, organizations: whole ? [] : wide.organizations };
    const { observed, problems } = await observeServer(context, everything, { everything: true });
    if (observed === undefined) throw problems[0]?.error ?? new CodedError("GC1901", `${desired.name} was not read`);
    return {
      instance: desired.name,
      observed,
      generation: generationFor(one, observed.version).generation,
      known: context.store.known,
      asked,
      keeper: openKeeper(one.dir, desired.name, options.secrets),
      resolve,
      unread: problems.map(({ error, kind: _, ...remark }) => coded(remark, error)),
      remember({ plan }) {
        if (problems.length === 0 && plan.errors.length === 0) context.store.replace(plan.known);
      },
    };
  });
  return await bringAllIn(all, options);
}

async function bringAllIn(all: readonly PerServer<SeenServer>[], { dryRun }: PullOptions): Promise<PullResult> {
  const result = {
    dryRun,
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
      const remark = ({ instance, organization, project, message }: Remark): Remark => ({
        instance,
        ...(organization === undefined ? {} : { organization }),
        ...(project === undefined ? {} : { project }),
        message,
      });
      result.changes.push(...brought.done.map((wish) => ({ how: wish.how, ...remark(wish) })));
      result.left.push(...brought.left.map(remark));
      result.problems.push(...one.result.unread, ...brought.plan.errors);
      result.secrets.push(...one.result.keeper.needed(brought.text));
      remembered.push(() => {
        one.result.keeper.write(brought.text);
        one.result.remember(brought);
      });
    }
    const changed = text !== before;
    result.files.push({ file, changed, text });
    if (dryRun) continue;
    // Secrets first: a reference without its secret would be no declaration that works.
    for (const write of remembered) write();
    if (changed) writeUsersFile(path, text);
  }
  return result;
}
