import { COMMAND_GROUPS } from "./registry/index.ts";

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
    "  help <topic>   a command, or a group of them:",
    `                 ${topics}`,
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
  undo: "npx glitchtip-compose uninstall (what init made), or npx glitchtip-compose rollback (the last upgrade)",
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

/** Returns the help of a group of commands, or undefined where no group has that topic. */
export function groupHelp(topic: string): string | undefined {
  const group = COMMAND_GROUPS.find((one) => one.topic === topic);
  if (group === undefined) return undefined;
  const width = Math.max(...group.commands.map(({ name }) => name.length)) + 2;
  return [group.heading, ...group.commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`)].join("\n");
}
