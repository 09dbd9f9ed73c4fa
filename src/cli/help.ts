import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import type { Assets } from "../workspace/index.ts";
import type { CommandEntry, CommandGroup } from "./command.ts";
import { COMMAND_GROUPS, COMMANDS } from "./registry/index.ts";

/** The commands of the first page. */
const START: readonly (readonly [name: string, text: string])[] = [
  ["init", "put a GlitchTip beside your services"],
  ["up", "start everything"],
  ["verify", "send an event from each app, and read it back"],
  ["status", "what runs, and what to do about it"],
  ["doctor", "what is wrong, each with its fix"],
  ["add", "give one more service a DSN"],
  ["uninstall", "take it all out again"],
];

/** Returns the first page: at most 22 lines of at most 80 columns. */
export function firstPage(): string {
  const topics = COMMAND_GROUPS.map(({ topic }) => topic).join(", ");
  return [
    "glitchtip-compose puts GlitchTip beside your Docker Compose services: one `up`,",
    "and the applications report errors.",
    "",
    "Start here:",
    ...START.map(([name, text]) => `  ${name.padEnd(11)}${text}`),
    "",
    "More:",
    "  help all       every command",
    "  help <topic>   a command, an error's code, or a group of commands:",
    `                 ${topics}`,
    "  help docs      the guides; help production prints the one of that name",
    "",
    "Every command has --help with examples, --json, and -C <folder>.",
  ].join("\n");
}

/** What people type who know other tools, and the command line that does it. */
const SYNONYMS: Readonly<Record<string, string>> = {
  start: "npx glitchtip-compose up",
  run: "npx glitchtip-compose up",
  create: "npx glitchtip-compose init",
  install: "npx glitchtip-compose init",
  new: "npx glitchtip-compose init",
  setup: "npx glitchtip-compose init",
  stop: "npx glitchtip-compose down (the data stays)",
  kill: "npx glitchtip-compose down (the data stays)",
  exec: "npx glitchtip-compose shell SERVICE COMMAND…",
  bash: "npx glitchtip-compose shell",
  sh: "npx glitchtip-compose shell",
  ssh: "npx glitchtip-compose shell",
  ps: "npx glitchtip-compose status",
  ls: "npx glitchtip-compose status",
  list: "npx glitchtip-compose status",
  info: "npx glitchtip-compose status",
  config: "npx glitchtip-compose plan --files (what our files would be), or docker compose config (what Compose reads)",
  diff: "npx glitchtip-compose plan",
  validate: "npx glitchtip-compose plan",
  generate: "npx glitchtip-compose render",
  sync: "npx glitchtip-compose apply",
  deploy: "npx glitchtip-compose apply",
  undo: "npx glitchtip-compose uninstall (what init created), or npx glitchtip-compose rollback (the last upgrade)",
  "remove-all": "npx glitchtip-compose uninstall",
  delete: "npx glitchtip-compose remove SERVICE, or npx glitchtip-compose uninstall for everything",
  rm: "npx glitchtip-compose remove SERVICE, or npx glitchtip-compose uninstall for everything",
  destroy: "npx glitchtip-compose uninstall",
  purge: "npx glitchtip-compose uninstall",
  test: "npx glitchtip-compose verify",
  send: "npx glitchtip-compose verify",
  health: "npx glitchtip-compose doctor",
  diagnose: "npx glitchtip-compose doctor",
  support: "npx glitchtip-compose doctor --bundle FILE",
  update: "npx glitchtip-compose upgrade",
  tail: "npx glitchtip-compose logs --follow",
  events: "npx glitchtip-compose logs --follow",
  top: "npx glitchtip-compose status --watch",
  watch: "npx glitchtip-compose status --watch",
  login: "npx glitchtip-compose password",
  passwd: "npx glitchtip-compose password",
  db: "npx glitchtip-compose psql",
  sql: "npx glitchtip-compose psql",
  postgres: "npx glitchtip-compose psql",
  redis: "npx glitchtip-compose redis-cli",
  valkey: "npx glitchtip-compose redis-cli",
  users: "npx glitchtip-compose user list",
  org: "npx glitchtip-compose organization list",
  organizations: "npx glitchtip-compose organization list",
  dump: "npx glitchtip-compose backup create",
  version: "npx glitchtip-compose --version",
};

/** Returns the command line for a word that is no command of ours, or undefined. */
export const commandForSynonym = (word: string): string | undefined =>
  Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined;

/** The page that `help` prints for a word which is no page's name. */
const PAGES: Readonly<Record<string, string>> = {
  docs: "README",
  proxy: "proxies",
  traefik: "proxies",
  nginx: "proxies",
  caddy: "proxies",
};

/** The pages that `help` prints. */
type Guides = Pick<Assets, "guides" | "guide">;

/**
 * Returns what `help TOPIC` prints: a group of commands, an error's section, or a guide. Returns undefined for a command,
 * whose help commander prints. Throws GC1001, with the nearest topic, for anything else.
 */
export function topicHelp(topic: string, { guides, guide }: Guides): string | undefined {
  const group = COMMAND_GROUPS.find((one) => one.topic === topic);
  if (group !== undefined) return groupHelp(group);
  if (topic === "all" || COMMANDS.some(({ name, aliases }) => name === topic || aliases?.includes(topic)))
    return undefined;
  const error = errorHelp(topic.toUpperCase(), guide);
  if (error !== undefined) return error;
  const names = guides();
  const page = Object.hasOwn(PAGES, topic) ? PAGES[topic] : topic.replace(/^docs\//, "").replace(/\.md$/, "");
  if (page !== undefined && names.includes(page)) return guide(page);
  const known = [...COMMANDS, ...COMMAND_GROUPS.map((one) => ({ name: one.topic }))].map(({ name }) => name);
  const synonym = commandForSynonym(topic);
  const remedy = synonym === undefined ? "See: npx glitchtip-compose help all, or help docs" : `Use: ${synonym}`;
  const near = synonym === undefined ? didYouMean(topic, [...known, ...names]) : "";
  throw new CodedError("GC1001", `there is no help on "${topic}"${near}`, { remedy });
}

function groupHelp({ heading, commands }: CommandGroup): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [heading, ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`)].join("\n");
}

/** Returns the section of docs/errors.md for a code, or undefined for another word. */
function errorHelp(code: string, guide: Guides["guide"]): string | undefined {
  if (!/^GC\d{4}$/.test(code)) return undefined;
  return guide("errors")
    .split(/^(?=## )/m)
    .find((section) => section.startsWith(`## ${code}`))
    ?.trimEnd();
}

/** Returns the lines below a command's options: examples, exit codes of its own, and its guide. */
export function afterHelp({ examples, exitCodes, guide }: CommandEntry): string {
  const codes = Object.entries(exitCodes ?? {}).map(([code, meaning]) => `  ${code}  ${meaning.replaceAll("`", "")}`);
  return [
    "",
    "Examples:",
    ...examples.map((line) => `  ${line}`),
    ...(codes.length === 0 ? [] : ["", "Exit codes:", ...codes]),
    ...(guide === undefined ? [] : ["", `Guide: npx glitchtip-compose help ${guide}`]),
  ].join("\n");
}
