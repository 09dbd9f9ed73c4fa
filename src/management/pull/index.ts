import { writeUserFile } from "../../base/user-file.ts";
import type { Kind, Remark } from "../../reconcile/index.ts";
import { type DeclaredServer, declaredServers, type ServersChoice } from "../declared.ts";
import { coded, impossible, type ReportedProblem } from "../report.ts";
import type { PerServer, Servers } from "../servers.ts";
import { bringIn } from "./bring-in.ts";
import { openKeeper, type PulledSecret, type SecretsInto } from "./keep-secrets.ts";
import type { PulledFile, PulledThing, PullResult } from "./result.ts";
import { remarkOf, type SeenServer, seeServer } from "./see.ts";

export { KIND_OF } from "../../reconcile/index.ts";

export interface PullOptions extends ServersChoice {
  /** Also of these kinds, where nothing of them is declared. */
  readonly kinds: readonly Kind[];
  readonly secrets: SecretsInto;
  readonly dryRun: boolean;
}

/** Writes what the servers have into the declaration: what it manages, and what is asked for. */
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
    return seeServer(connected, one, asked, keeper);
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
    // Secrets first: a reference without its secret would be no declaration that works.
    for (const write of remembered) write();
    if (changed) writeUserFile(path, text);
  }
  return result;
}
