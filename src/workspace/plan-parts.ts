import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readDeclarationText } from "./declaration-file.ts";

/** What there is to plan in a folder. */
export interface PlanParts {
  /** A stack's files. */
  readonly files: boolean;
  readonly server: boolean;
}

/** Judged by what the declaration says at its top; its mistakes are for those who load it whole. */
export function planParts(dir: string): PlanParts {
  const declared = topOf(readDeclarationText(dir));
  if (declared === undefined) return { files: true, server: false };
  const { servers, server, apps, production, organization, organizations } = declared;
  const inside = [servers, organization, organizations].some((one) => one !== undefined);
  const existing = isMap(server) && server.url !== undefined && server.image === undefined && production === undefined;
  const hasApps = isMap(apps) && Object.keys(apps).length > 0;
  const isStack = servers === undefined && (!existing || hasApps || existsSync(join(dir, ".glitchtip/manifest.json")));
  return { files: isStack, server: inside || !isStack };
}

/** Its mistakes are found later, by the commands that load it whole. */
function topOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = parse(text, { merge: true, uniqueKeys: false });
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
