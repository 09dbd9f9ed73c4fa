import type { CliCommand } from "./command.ts";

/** Only the chosen command's file is loaded: --help loads none. */
export const COMMANDS: readonly { name: string; summary: string; load(): Promise<CliCommand<never>> }[] = [
  {
    name: "init",
    summary: "put a GlitchTip beside your services, or a sample app into an empty folder",
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "add",
    summary: "give one more service a DSN",
    load: async () => (await import("./commands/add.ts")).add,
  },
  {
    name: "remove",
    summary: "a service no longer gets a DSN",
    load: async () => (await import("./commands/remove.ts")).remove,
  },
  {
    name: "plan",
    summary: "what would change; exit code 3 if anything would",
    load: async () => (await import("./commands/plan.ts")).plan,
  },
  {
    name: "apply",
    summary: "make the servers hold what is declared: alerts, monitors, members, projects",
    load: async () => (await import("./commands/apply.ts")).apply,
  },
  {
    name: "render",
    summary: "bring the managed files up to date, your edits merged in, and show how they change",
    load: async () => (await import("./commands/render.ts")).render,
  },
  {
    name: "eject",
    summary: "make managed files your own: they are no longer written",
    load: async () => (await import("./commands/eject.ts")).eject,
  },
  {
    name: "up",
    summary: "docker compose up, and before it the env files of apps that take their DSN from one",
    load: async () => (await import("./commands/up.ts")).up,
  },
  {
    name: "verify",
    summary: "send an event from each app's own container and read it back",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "status",
    summary: "what runs, what the provisioner did, which app has its DSN",
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "doctor",
    summary: "everything that stands in the way, each with its fix",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "check",
    summary: "whether the stack is fit for the world: each point of the hardening table, with its reason",
    load: async () => (await import("./commands/check.ts")).check,
  },
  {
    name: "mail",
    summary: "test: send a mail by GlitchTip's own settings, from its own container",
    load: async () => (await import("./commands/mail.ts")).mail,
  },
  {
    name: "lock",
    summary: "pin the stack's images by their digests",
    load: async () => (await import("./commands/lock.ts")).lock,
  },
  {
    name: "import",
    summary: "the declaration, from app-interface's files or a Terraform state",
    load: async () => (await import("./commands/import.ts")).importCommand,
  },
  {
    name: "rotate",
    summary: "give apps a new key, and delete the old one once nobody uses it",
    load: async () => (await import("./commands/rotate.ts")).rotate,
  },
  {
    name: "backup",
    summary: "whole copies of the stack's data: create, list, verify, prune",
    load: async () => (await import("./commands/backup.ts")).backup,
  },
  {
    name: "restore",
    summary: "put a backup in the place of what is there, or into a new stack",
    load: async () => (await import("./commands/restore.ts")).restore,
  },
  {
    name: "provision",
    summary: "the provisioner's work without its container: from CI, for a GlitchTip anywhere",
    load: async () => (await import("./commands/provision.ts")).provision,
  },
  {
    name: "down",
    summary: "stop and remove the project's containers; the data stays",
    load: async () => (await import("./commands/down.ts")).down,
  },
  {
    name: "demo",
    summary: "all of it in a temporary folder, up to an event read back",
    load: async () => (await import("./commands/demo.ts")).demo,
  },
  {
    name: "emulate",
    summary: "run a GlitchTip in memory on loopback, for tests without containers",
    load: async () => (await import("./commands/emulate.ts")).emulate,
  },
  {
    name: "compose",
    summary: "what Compose calls for services with `inject: provider`",
    load: async () => (await import("./commands/compose.ts")).compose,
  },
];
