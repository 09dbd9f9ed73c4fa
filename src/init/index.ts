export { initCommandLine } from "./command-line.ts";
export { type GivenOptions, lacksDomain, parseInitOptions, problemOfValue } from "./given-options.ts";
export { initWorkspace } from "./init.ts";
export { usualOrganization } from "./new-declaration.ts";
export { isRepeatable, type OptionRow, parseWords } from "./option-row.ts";
export { INIT_OPTIONS, type InitOptionName, type InitOptions, OPTION_ROWS } from "./options.ts";
export { suggestedPort } from "./port.ts";
export { parseDays, parseEventsPerDay } from "./size.ts";
