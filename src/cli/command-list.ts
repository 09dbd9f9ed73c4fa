export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly alias?: string;
  /** Words that are handed on unchanged: all, or those from the first name on. */
  readonly passes?: "all" | "afterName";
}

/** What there is to say of each command before it is loaded, in the order of --help. */
export const COMMANDS = [
  { name: "init", summary: "put a GlitchTip beside your services, or a sample app into an empty folder" },
  { name: "add", summary: "give one more service a DSN" },
  { name: "remove", summary: "a service no longer gets a DSN" },
  { name: "plan", summary: "what would change; exit code 3 if anything would" },
  { name: "apply", summary: "make the servers hold what is declared: alerts, monitors, members, projects" },
  { name: "pull", summary: "write what the servers hold into the declaration, its comments kept" },
  { name: "alert", summary: "test: send a test through an alert's recipients, where the server can" },
  { name: "render", summary: "bring the managed files up to date, your edits merged in, and show how they change" },
  { name: "eject", summary: "make managed files your own: they are no longer written" },
  { name: "up", summary: "docker compose up, and before it the env files of apps that take their DSN from one" },
  { name: "verify", summary: "send an event from each app's own container and read it back" },
  { name: "status", summary: "what runs, what the provisioner did, which app has its DSN" },
  { name: "doctor", summary: "everything that stands in the way, each with its fix" },
  {
    name: "check",
    summary: "whether the stack is fit for the world: each point of the hardening table, with its reason",
  },
  { name: "logs", summary: "what the services say, as one view; --errors for failures alone" },
  { name: "shell", summary: "a shell, or one command, in a service's container", passes: "afterName" },
  { name: "psql", summary: "psql on GlitchTip's database, signed in", passes: "all" },
  { name: "redis-cli", alias: "valkey-cli", summary: "Valkey's own client, in its container", passes: "all" },
  { name: "manage", summary: "GlitchTip's manage.py, with its environment", passes: "all" },
  { name: "migrate", summary: "migrations, partitions and the cache's table, now" },
  { name: "restart", summary: "restart web and worker, or what is named, and wait until they are healthy" },
  { name: "user", summary: "accounts: list, create, delete, password, role, superuser, active …" },
  { name: "organization", summary: "organizations and their members: list, create, add, remove …" },
  {
    name: "secrets",
    summary: "list, or rotate: the database's password, the secret key, the admin's password, the token",
  },
  { name: "size", summary: "what so many events a day need: topology, memory, disk, Postgres, and why" },
  { name: "load", summary: "send real events to the running stack, and read every accepted one back" },
  { name: "build", summary: "build what the project builds; what runs goes on running" },
  { name: "push", summary: "the stack's images into a registry of your own" },
  { name: "package", summary: "create or verify a bundle for machines without internet" },
  { name: "clean", summary: "remove everything of the project from the engine, the data as well" },
  { name: "mail", summary: "test: send a mail by GlitchTip's own settings, from its own container" },
  { name: "care", summary: "the service that looks after the stack: run, restart, report" },
  { name: "notify", summary: "test: send a message to who is told of failures" },
  { name: "lock", summary: "pin the stack's images by their digests" },
  {
    name: "import",
    summary: "the declaration, from app-interface's files or a Terraform state; or another server's configuration",
  },
  { name: "export", summary: "what a server holds, in a file for another one" },
  { name: "rotate", summary: "give apps a new key, and delete the old one once nobody uses it" },
  { name: "backup", summary: "whole copies of the stack's data: create, list, verify, prune" },
  { name: "restore", summary: "put a backup in the place of what is there, or into a new stack" },
  { name: "upgrade", summary: "another GlitchTip: backed up first, proved afterwards, taken back where it fails" },
  { name: "rollback", summary: "back to before the last upgrade: its images, its settings, its data" },
  { name: "provision", summary: "the provisioner's work without its container: from CI, for a GlitchTip anywhere" },
  { name: "down", summary: "stop and remove the project's containers; the data stays" },
  { name: "demo", summary: "all of it in a temporary folder, up to an event read back" },
  { name: "emulate", summary: "run a GlitchTip in memory on loopback, for tests without containers" },
  { name: "compose", summary: "what Compose calls for services with `inject: provider`" },
] as const satisfies readonly CommandEntry[];

export type CommandName = (typeof COMMANDS)[number]["name"];

/** How --help groups them; what is in no group stands last. */
export const HEADINGS: readonly (readonly [heading: string, names: readonly CommandName[]])[] = [
  ["Set up:", ["init", "add", "remove", "render", "eject", "import", "lock", "size", "demo"]],
  ["Run:", ["up", "down", "restart", "migrate", "upgrade", "rollback", "build", "push", "package", "clean"]],
  ["Look:", ["status", "doctor", "check", "verify", "logs", "load"]],
  ["Inside the containers:", ["shell", "psql", "redis-cli", "manage", "user", "organization"]],
  ["What the server holds:", ["plan", "apply", "pull", "alert", "export", "provision", "rotate"]],
  ["Care:", ["backup", "restore", "secrets", "care", "notify", "mail"]],
  ["For tests and for Compose:", ["emulate", "compose"]],
];
