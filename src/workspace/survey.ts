import { basename, join } from "node:path";
import { readIfThere } from "../base/files.ts";
import { readUserText } from "../base/user-file.ts";
import { isSample, packageAssets } from "./assets.ts";
import { composeFilesIn, readComposeFiles, readUserFiles } from "./compose-files.ts";
import { DECLARATION_FILE } from "./declaration-file.ts";
import { parseEnv } from "./env-file.ts";

/** What a folder holds before `init`: as much as its questions need. */
export interface Survey {
  /** A declaration is there: nothing is left to ask. */
  readonly declared: boolean;
  /** The user's services; none where the sample app will be made. */
  readonly services: readonly string[];
  readonly folder: string;
}

export function surveyFolder(dir: string): Survey {
  const env = parseEnv(readUserText(join(dir, ".env")) ?? "");
  const texts = readComposeFiles(dir, composeFilesIn(dir, env));
  const assets = packageAssets();
  const sample = texts.length === 1 && texts.every(({ text }) => isSample(text, assets));
  return {
    declared: readIfThere(join(dir, DECLARATION_FILE)) !== undefined,
    services: sample ? [] : Object.keys(readUserFiles(dir, texts, env).services),
    folder: basename(dir),
  };
}
