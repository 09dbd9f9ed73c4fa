import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { plainYaml } from "../config/plain-yaml.ts";
import { readDeclarationText } from "./project/read.ts";

/** What there is to plan in a folder. */
export interface PlanParts {
  /** A stack's files. */
  readonly files: boolean;
  readonly server: boolean;
}

/** Judged by what the declaration says at its top; its mistakes are for those who load it whole. */
export function planParts(dir: string): PlanParts {
  const text = readDeclarationText(dir);
  const declared = read(text);
  if (declared === undefined) return { files: true, server: false };
  const { servers, server, apps, production, organization, organizations } = declared;
  const inside = [servers, organization, organizations].some((one) => one !== undefined);
  const existing = isMap(server) && server.url !== undefined && server.image === undefined && production === undefined;
  const hasApps = isMap(apps) && Object.keys(apps).length > 0;
  const isStack = servers === undefined && (!existing || hasApps || existsSync(join(dir, ".glitchtip/manifest.json")));
  return { files: isStack, server: inside || !isStack };
}

/** What stands in these is not looked at, and may be most of the text. */
const INSIDE = /^(projects|organizations|servers):[^\n]*\n(?:(?:[ #-][^\n]*)?\n)*/gm;

function read(text: string): Readonly<Record<string, unknown>> | undefined {
  const plain = plainYaml(`${text}\n`.replace(INSIDE, "$1: {}\n"));
  if (plain !== undefined) return plain;
  try {
    const value: unknown = parse(text, { merge: true, uniqueKeys: false });
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
