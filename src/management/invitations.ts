import { appendFileSync, chmodSync } from "node:fs";
import { join, relative } from "node:path";
import { explainWriteError } from "../base/files.ts";
import { makeStateFolder, STATE_FOLDER } from "../provision/index.ts";
import type { Outcome } from "./apply.ts";

/** Whoever has an invitation's link can join, and the server tells it once: it goes into a file for the user alone. */
export function keepInvitations(dir: string, outcomes: readonly Outcome[]): string | undefined {
  const lines = outcomes.flatMap((outcome) => {
    if (outcome.result !== "applied" || outcome.inviteLink === undefined) return [];
    const { instance, organization, name } = outcome.action;
    return [`${[instance, organization, name, outcome.inviteLink.reveal()].join("\t")}\n`];
  });
  if (lines.length === 0) return undefined;
  const folder = join(dir, STATE_FOLDER);
  const path = join(folder, "invitations.tsv");
  makeStateFolder(folder);
  try {
    appendFileSync(path, lines.join(""), { mode: 0o600 });
    chmodSync(path, 0o600);
  } catch (error) {
    throw explainWriteError(error, path);
  }
  return relative(dir, path);
}
