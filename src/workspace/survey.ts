import { join } from "node:path";
import { readIfThere } from "../base/files.ts";
import type { UserProject } from "../compose/model.ts";
import { isSample, packageAssets } from "./assets.ts";
import { readComposeFiles, readUserFiles } from "./compose-files.ts";
import { DECLARATION_FILE } from "./declaration-file.ts";
import { composeFilesIn } from "./discovery.ts";
import { parseEnv } from "./env-file.ts";
import { thingsIn } from "./place.ts";
import { likelyReporters, reportersFirst } from "./reporters.ts";
import { readEnvText } from "./workspace.ts";

/** What a folder holds before `init`, as far as its questions need it. */
export interface Survey {
  /** A declaration is there, so nothing is left to ask. */
  readonly declared: boolean;
  /** The user's services, the likely reporters first and databases last; empty where the sample app will be made. */
  readonly services: readonly string[];
  /** Those that most likely report errors. */
  readonly likely: readonly string[];
  /** The services as they stand in the Compose files. */
  readonly compose: UserProject["services"];
  /** GLITCHTIP_PORT is set in .env, and decides the port. */
  readonly hasPortVariable: boolean;
  /** What else is in a folder without Compose files. */
  readonly things: readonly string[];
}

export function surveyFolder(dir: string): Survey {
  const env = parseEnv(readEnvText(dir));
  const texts = readComposeFiles(dir, composeFilesIn(dir, env));
  const assets = packageAssets();
  const sample = texts.length === 1 && texts.every(({ text }) => isSample(text, assets));
  const services: UserProject["services"] = sample ? {} : readUserFiles(dir, texts, env).services;
  return {
    declared: readIfThere(join(dir, DECLARATION_FILE)) !== undefined,
    services: reportersFirst(services),
    likely: likelyReporters(services),
    compose: services,
    hasPortVariable: Boolean(env.GLITCHTIP_PORT),
    things: texts.length > 0 ? [] : thingsIn(dir, assets),
  };
}
