import type { CliCommand } from "./command.ts";
import type { CommandName } from "./command-list.ts";

/** Only the chosen command's file is loaded: --help loads none. */
export const LOADERS: Readonly<Record<CommandName, () => Promise<CliCommand<never>>>> = {
  init: async () => (await import("./commands/init.ts")).init,
  add: async () => (await import("./commands/add.ts")).add,
  remove: async () => (await import("./commands/remove.ts")).remove,
  plan: async () => (await import("./commands/plan.ts")).plan,
  apply: async () => (await import("./commands/apply.ts")).apply,
  render: async () => (await import("./commands/render.ts")).render,
  eject: async () => (await import("./commands/eject.ts")).eject,
  up: async () => (await import("./commands/up.ts")).up,
  verify: async () => (await import("./commands/verify.ts")).verify,
  status: async () => (await import("./commands/status.ts")).status,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  check: async () => (await import("./commands/check.ts")).check,
  mail: async () => (await import("./commands/mail.ts")).mail,
  lock: async () => (await import("./commands/lock.ts")).lock,
  import: async () => (await import("./commands/import.ts")).importCommand,
  rotate: async () => (await import("./commands/rotate.ts")).rotate,
  backup: async () => (await import("./commands/backup.ts")).backup,
  restore: async () => (await import("./commands/restore.ts")).restore,
  provision: async () => (await import("./commands/provision.ts")).provision,
  down: async () => (await import("./commands/down.ts")).down,
  demo: async () => (await import("./commands/demo.ts")).demo,
  emulate: async () => (await import("./commands/emulate.ts")).emulate,
  compose: async () => (await import("./commands/compose.ts")).compose,
};
