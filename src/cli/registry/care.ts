import type { CommandGroup } from "../command.ts";

export const CARE_COMMANDS: CommandGroup = {
  topic: "maintain",
  heading: "Maintain:",
  commands: [
    {
      name: "backup",
      summary: "create, list, verify, prune and fetch backups",
      details:
        "A backup holds the database, the uploads, the declaration and the provisioner's state. A trial restore proves it.",
      guide: "docs/backup.md",
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
      summary: "restore a backup, in place or into a new stack",
      details: "Checks everything before it changes anything. After an interruption the same command goes on.",
      guide: "docs/backup.md",
      changes: { of: "stack" },
      examples: [
        "npx glitchtip-compose restore latest --dry-run",
        "npx glitchtip-compose restore latest",
        "npx glitchtip-compose restore glitchtip-20261121-031500Z --confirm shop",
        "npx glitchtip-compose restore /mnt/copies/glitchtip-20261121-031500Z --into ../shop-again --identity-file key.txt",
        "npx glitchtip-compose restore --abort",
      ],
      load: () => import("../commands/restore.ts"),
    },
    {
      name: "secrets",
      summary: "list the stack's secrets, or rotate one",
      details: "Rotates through the running server. After an interruption the same command goes on.",
      guide: "docs/secrets.md",
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
      summary: "do now what the care service does by itself: run, restart, report",
      guide: "docs/care.md",
      examples: [
        "npx glitchtip-compose care run",
        "npx glitchtip-compose care restart web",
        "npx glitchtip-compose care report",
      ],
      load: () => import("../commands/care.ts"),
    },
    {
      name: "notify",
      summary: "send a test message to everybody who is told of failures",
      guide: "docs/notifications.md",
      examples: ["npx glitchtip-compose notify test", "npx glitchtip-compose notify test --name ops"],
      load: () => import("../commands/notify.ts"),
    },
    {
      name: "mail",
      summary: "send a test mail with GlitchTip's own settings, from its own container",
      guide: "docs/production.md",
      examples: ["npx glitchtip-compose mail test", "npx glitchtip-compose mail test --to you@example.com"],
      load: () => import("../commands/mail.ts"),
    },
  ],
};
