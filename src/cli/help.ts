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
  start: "glitchtip-compose up",
  run: "glitchtip-compose up",
  create: "glitchtip-compose init",
  install: "glitchtip-compose init",
  new: "glitchtip-compose init",
  setup: "glitchtip-compose init",
  stop: "glitchtip-compose down (the data stays)",
  kill: "glitchtip-compose down (the data stays)",
  exec: "glitchtip-compose shell SERVICE COMMAND…",
  bash: "glitchtip-compose shell",
  sh: "glitchtip-compose shell",
  ssh: "glitchtip-compose shell",
  ps: "glitchtip-compose status",
  ls: "glitchtip-compose status",
  list: "glitchtip-compose status",
  info: "glitchtip-compose status",
  config: "glitchtip-compose plan --files (what our files would be), or docker compose config (what Compose reads)",
  diff: "glitchtip-compose plan",
  validate: "glitchtip-compose plan",
  generate: "glitchtip-compose render",
  sync: "glitchtip-compose apply",
  deploy: "glitchtip-compose apply",
  undo: "glitchtip-compose uninstall (what init made), or glitchtip-compose rollback (the last upgrade)",
  "remove-all": "glitchtip-compose uninstall",
  delete: "glitchtip-compose remove SERVICE, or glitchtip-compose uninstall for everything",
  rm: "glitchtip-compose remove SERVICE, or glitchtip-compose uninstall for everything",
  destroy: "glitchtip-compose uninstall",
  purge: "glitchtip-compose uninstall",
  test: "glitchtip-compose verify",
  send: "glitchtip-compose verify",
  health: "glitchtip-compose doctor",
  diagnose: "glitchtip-compose doctor",
  support: "glitchtip-compose doctor --bundle FILE",
  update: "glitchtip-compose upgrade",
  tail: "glitchtip-compose logs --follow",
  events: "glitchtip-compose logs --follow",
  top: "glitchtip-compose status --watch",
  watch: "glitchtip-compose status --watch",
  login: "glitchtip-compose password",
  passwd: "glitchtip-compose password",
  db: "glitchtip-compose psql",
  sql: "glitchtip-compose psql",
  postgres: "glitchtip-compose psql",
  redis: "glitchtip-compose redis-cli",
  valkey: "glitchtip-compose redis-cli",
  users: "glitchtip-compose user list",
  org: "glitchtip-compose organization list",
  organizations: "glitchtip-compose organization list",
  dump: "glitchtip-compose backup create",
  version: "glitchtip-compose --version",
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
