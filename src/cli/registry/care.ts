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
        "npx glitchtip-compose backup create",
        "npx glitchtip-compose backup create --include-secrets --passphrase-file ~/passphrase",
        "npx glitchtip-compose backup create --include-secrets --recipient age1…",
        "npx glitchtip-compose backup list",
        "npx glitchtip-compose backup verify latest",
        "npx glitchtip-compose backup list --target",
        "npx glitchtip-compose backup fetch latest",
        "npx glitchtip-compose backup prune --keep daily=7,weekly=4 --dry-run",
      ],
      load: () => import("../commands/backup.ts"),
    },
    {
      name: "restore",
      summary: "put a backup in the place of what is there, or into a new stack",
      changes: { of: "stack" },
      examples: [
        "npx glitchtip-compose restore latest --dry-run",
        "npx glitchtip-compose restore latest",
        "npx glitchtip-compose restore backups/glitchtip-20261121-031500Z --confirm shop",
        "npx glitchtip-compose restore /mnt/copies/glitchtip-20261121-031500Z --into ../shop-again --identity-file key.txt",
        "npx glitchtip-compose restore --abort",
      ],
      load: () => import("../commands/restore.ts"),
    },
    {
      name: "secrets",
      summary: "list, or rotate: the database's password, the secret key, the admin's password, the token",
      changes: { of: "stack", actions: ["rotate"] },
      examples: [
        "npx glitchtip-compose secrets list",
        "npx glitchtip-compose secrets rotate db-password --dry-run",
        "npx glitchtip-compose secrets rotate secret-key --yes",
        "npx glitchtip-compose secrets rotate admin-password --password-file ./new-password --yes",
        "npx glitchtip-compose secrets rotate token --yes",
      ],
      load: () => import("../commands/secrets.ts"),
    },
    {
      name: "care",
      summary: "the service that looks after the stack: run, restart, report",
      examples: [
        "npx glitchtip-compose care run",
        "npx glitchtip-compose care restart web",
        "npx glitchtip-compose care report",
      ],
      load: () => import("../commands/care.ts"),
    },
    {
      name: "notify",
      summary: "test: send a message to who is told of failures",
      examples: ["npx glitchtip-compose notify test", "npx glitchtip-compose notify test --name ops"],
      load: () => import("../commands/notify.ts"),
    },
    {
      name: "mail",
      summary: "test: send a mail by GlitchTip's own settings, from its own container",
      examples: ["npx glitchtip-compose mail test", "npx glitchtip-compose mail test --to you@example.com"],
      load: () => import("../commands/mail.ts"),
    },
  ],
};
