import type { CommandGroup } from "../command.ts";

export const CARE_COMMANDS: CommandGroup = {
  topic: "upkeep",
  heading: "Care:",
  commands: [
    {
      name: "backup",
      summary: "whole copies of the stack's data: create, list, verify, prune",
      changes: { of: "stack", actions: ["create", "prune"] },
      examples: [
        "glitchtip-compose backup create",
        "glitchtip-compose backup create --include-secrets --passphrase-file ~/passphrase",
        "glitchtip-compose backup create --include-secrets --recipient age1…",
        "glitchtip-compose backup list",
        "glitchtip-compose backup verify latest",
        "glitchtip-compose backup list --target",
        "glitchtip-compose backup fetch latest",
        "glitchtip-compose backup prune --keep daily=7,weekly=4 --dry-run",
      ],
      load: () => import("../commands/backup.ts"),
    },
    {
      name: "restore",
      summary: "put a backup in the place of what is there, or into a new stack",
      changes: { of: "stack" },
      examples: [
        "glitchtip-compose restore latest --dry-run",
        "glitchtip-compose restore latest",
        "glitchtip-compose restore backups/glitchtip-20261121-031500Z --yes-restore shop",
        "glitchtip-compose restore /mnt/copies/glitchtip-20261121-031500Z --into ../shop-again --identity-file key.txt",
        "glitchtip-compose restore --abort",
      ],
      load: () => import("../commands/restore.ts"),
    },
    {
      name: "secrets",
      summary: "list, or rotate: the database's password, the secret key, the admin's password, the token",
      changes: { of: "stack", actions: ["rotate"] },
      examples: [
        "glitchtip-compose secrets list",
        "glitchtip-compose secrets rotate db-password --dry-run",
        "glitchtip-compose secrets rotate secret-key --yes",
        "glitchtip-compose secrets rotate admin-password --password-file ./new-password --yes",
        "glitchtip-compose secrets rotate token --yes",
      ],
      load: () => import("../commands/secrets.ts"),
    },
    {
      name: "care",
      summary: "the service that looks after the stack: run, restart, report",
      examples: ["glitchtip-compose care run", "glitchtip-compose care restart web", "glitchtip-compose care report"],
      load: () => import("../commands/care.ts"),
    },
    {
      name: "notify",
      summary: "test: send a message to who is told of failures",
      examples: ["glitchtip-compose notify test", "glitchtip-compose notify test --name ops"],
      load: () => import("../commands/notify.ts"),
    },
    {
      name: "mail",
      summary: "test: send a mail by GlitchTip's own settings, from its own container",
      examples: ["glitchtip-compose mail test", "glitchtip-compose mail test --to you@example.com"],
      load: () => import("../commands/mail.ts"),
    },
  ],
};
