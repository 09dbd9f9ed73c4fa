import { isDeepStrictEqual } from "node:util";
import { CodedError } from "../base/errors.ts";
import { loadDeclaration } from "../config/load.ts";
import { lineStating } from "../config/locate.ts";
import type { Declaration } from "../config/schema.ts";
import { yamlLines } from "../stack/yaml-text.ts";
import { asOptionMistake, DECLARATION_FILE } from "../workspace/index.ts";
import { flagName } from "./option-row.ts";
import type { InitOptions } from "./options.ts";
import { compareSize } from "./size.ts";
import { setAt, statedOptions, statedValues, valueAt } from "./stated-values.ts";

/**
 * Returns the declaration's text with what the options add to it: the sections `production` and `mail` where it has none,
 * and what a size settles. Throws GC1001 with each option that says something else than the declaration.
 */
export async function withOptions(before: string, options: InitOptions): Promise<string> {
  const { size: expected, noApps, service } = options;
  if (statedValues(options).length === 0 && expected === undefined && !noApps && !service) return before;
  const { editDeclaration } = await import("../config/edit.ts");
  const text = Object.entries(sectionsToAdd(loadDeclaration(before, DECLARATION_FILE), options)).reduce(
    (edited, [key, section]) => editDeclaration(edited, [key], section),
    before,
  );
  const declaration = loadComposed(before, text, options);
  const size = options.size === undefined ? undefined : compareSize(declaration, options.size);
  refuseContradictions(text, [
    ...statedValues(options).map(({ row, path, value }) => ({
      path,
      wanted: value,
      found: valueAt(declaration, path),
      by: flagName(row),
    })),
    ...(options.noApps ? [{ path: ["apps"], wanted: {}, found: declaration.apps, by: "--no-apps" }] : []),
    ...(size?.other ?? []).map((key) => ({ ...key, by: "--size" })),
  ]);
  return (size?.missing ?? []).reduce((edited, { path, wanted }) => editDeclaration(edited, path, wanted), text);
}

/** Loads the text with what the options added to it: a mistake in that is one of the options. */
function loadComposed(before: string, text: string, options: InitOptions): Declaration {
  try {
    return loadDeclaration(text, DECLARATION_FILE);
  } catch (error) {
    throw text === before ? error : asOptionMistake(error, statedOptions(options));
  }
}

/** A workspace that was for development goes into production: these sections are added to its declaration. */
function sectionsToAdd(declaration: Declaration, options: InitOptions): Readonly<Record<string, unknown>> {
  const added = {};
  for (const { row, path, value } of statedValues(options)) {
    if (row.addsSection && valueAt(declaration, path.slice(0, 1)) === undefined) setAt(added, path, value);
  }
  if (options.service && declaration.service === undefined) setAt(added, ["service"], {});
  return added;
}

interface Compared {
  readonly path: readonly string[];
  readonly wanted: unknown;
  readonly found: unknown;
  /** The option that wants it. */
  readonly by: string;
}

/** Options may repeat the declaration and not contradict it: the file is the user's, and it decides. */
function refuseContradictions(text: string, compared: readonly Compared[]): void {
  const others = compared
    .filter(({ wanted, found }) => !isDeepStrictEqual(wanted, found))
    .map((one) => ({ ...one, line: lineStating(text, one.path) }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (others.length === 0) return;
  throw new CodedError("GC1001", `${DECLARATION_FILE} already exists and contradicts these options`, {
    problems: others.map(
      ({ path, wanted, by, ...one }) => `${path.join(".")}: ${JSON.stringify(wanted)} by ${by}, ${statedText(one)}`,
    ),
    remedy: [
      ...others.flatMap(({ path, wanted, found }) => newAppRemedy(path, wanted, found)),
      changeRemedy(others),
    ].join(" Else: "),
  });
}

/** Returns what the declaration says about a key and where; a default stands nowhere in the file. */
function statedText({ found, line }: Pick<Compared, "found"> & { readonly line: number | undefined }): string {
  if (line !== undefined) return `${JSON.stringify(found)} in ${DECLARATION_FILE}:${line}`;
  const byDefault = found === undefined ? "" : ` (${JSON.stringify(found)} by default)`;
  return `not stated in ${DECLARATION_FILE}${byDefault}`;
}

/** Says what to change in the file, with the line to add for each key that it does not state. */
function changeRemedy(others: readonly (Compared & { readonly line: number | undefined })[]): string {
  const added = others.flatMap(({ path, wanted, line }) => {
    const [stated = "", ...more] = yamlLines(path.at(-1) ?? "", wanted);
    const parent = path.slice(0, -1).join(".");
    return line === undefined && more.length === 0 && parent !== "" ? [`under \`${parent}:\` add \`${stated}\``] : [];
  });
  if (added.length === 0) return `Change ${DECLARATION_FILE}, then run init without these options.`;
  if (added.length < others.length)
    return `Change ${DECLARATION_FILE} (${added.join(", ")}), then run init without these options.`;
  return `In ${DECLARATION_FILE}, ${added.join(", ")}, then run init without these options.`;
}

/** An app that the declaration does not have is added by a command of its own. */
function newAppRemedy([section, app, key]: readonly string[], wanted: unknown, found: unknown): string[] {
  if (section !== "apps" || key !== "project" || found !== undefined) return [];
  return [`npx glitchtip-compose add ${app} --project ${wanted}`];
}
