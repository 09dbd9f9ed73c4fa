import { parse } from "yaml";
import { type ComposeTemplates, TEMPLATE_NAMES } from "./model.ts";

/** templates/compose/*.yaml as data. The build does this once and ships JSON: parsing YAML costs `init` 30 ms. */
export function parseTemplates(read: (name: string) => string): ComposeTemplates {
  return Object.fromEntries(TEMPLATE_NAMES.map((name) => [name, parse(read(name))])) as unknown as ComposeTemplates;
}
