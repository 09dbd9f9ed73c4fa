import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Text } from "../base/text.ts";
import { plainYaml } from "../config/plain-yaml.ts";
import { declarationText } from "./declaration-file.ts";

/** What there is to plan in a folder. */
export interface PlanParts {
  /** A stack's files. */
  readonly files: boolean;
  readonly server: boolean;
}

/** Judged by what the declaration says at its top; its mistakes are for those who load it whole. */
export function planParts(dir: string): PlanParts {
  const declared = read(declarationText(dir));
  if (declared === undefined) return { files: true, server: false };
  const { servers, server, apps, production, organization, organizations } = declared;
  const inside = [servers, organization, organizations].some((one) => one !== undefined);
  const existing = isMap(server) && server.url !== undefined && server.image === undefined && production === undefined;
  const hasApps = isMap(apps) && Object.keys(apps).length > 0;
  const isStack = servers === undefined && (!existing || hasApps || existsSync(join(dir, ".glitchtip/manifest.json")));
  return { files: isStack, server: inside || !isStack };
}

/** What stands in these is not looked at, and may be most of the text. */
const INSIDE = /^(projects|organizations|servers):[^\n]*\n?/gm;
/** Where a line begins that is not deeper, not empty, no comment and no entry of a list. */
const BEHIND = /^[^ #\n-]/gm;

function* withoutInside(pieces: Iterable<string>): Generator<string> {
  let isInside = false;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; isInside = !isInside) {
      const wanted = isInside ? BEHIND : INSIDE;
      wanted.lastIndex = at;
      const found = wanted.exec(piece);
      if (!isInside) yield piece.slice(at, found?.index);
      if (found === null) break;
      if (!isInside) yield `${found[1]}: {}\n`;
      at = isInside ? found.index : wanted.lastIndex;
    }
  }
}

function read(text: Text): Readonly<Record<string, unknown>> | undefined {
  const plain = plainYaml(withoutInside(text.pieces()));
  if (plain !== undefined) return plain;
  try {
    const value: unknown = parse(text.whole(), { merge: true, uniqueKeys: false });
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
