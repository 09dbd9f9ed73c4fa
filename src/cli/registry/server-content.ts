import type { CommandGroup } from "../command.ts";

export const SERVER_CONTENT_COMMANDS: CommandGroup = {
  topic: "server",
  heading: "What the server holds:",
  commands: [
    {
      name: "plan",
      summary: "what would change; exit code 3 if anything would",
      examples: [
        "glitchtip-compose plan",
        "glitchtip-compose plan --files --json",
        "glitchtip-compose plan --server --instance prod",
        "glitchtip-compose plan --file servers/ --strict",
        "glitchtip-compose plan --out next.plan && glitchtip-compose apply --plan next.plan",
      ],
      load: () => import("../commands/plan.ts"),
    },
    {
      name: "apply",
      summary: "make the servers hold what is declared: alerts, monitors, members, projects",
      changes: { of: "files" },
      examples: [
        "glitchtip-compose apply",
        "glitchtip-compose apply --yes --instance prod --json",
        "glitchtip-compose apply --yes --yes-delete old-shop",
        "glitchtip-compose apply --plan next.plan",
      ],
      load: () => import("../commands/apply.ts"),
    },
    {
      name: "pull",
      summary: "write what the servers hold into the declaration, its comments kept",
      changes: { of: "files" },
      examples: [
        "glitchtip-compose pull",
        "glitchtip-compose pull --kind alerts --dry-run",
        "glitchtip-compose pull --all --instance prod",
        "glitchtip-compose pull --url https://errors.example.com --token-file glitchtip.token",
        "glitchtip-compose pull --url https://errors.example.com --token env:GLITCHTIP_TOKEN --organization Acme --dry-run",
      ],
      load: () => import("../commands/pull.ts"),
    },
    {
      name: "alert",
      summary: "test: send a test through an alert's recipients, where the server can",
      examples: [
        "glitchtip-compose alert test high-error-rate --project shop-api",
        "glitchtip-compose alert test down --project shop-api --instance prod",
      ],
      load: () => import("../commands/alert.ts"),
    },
    {
      name: "export",
      summary: "what a server holds, in a file for another one",
      examples: [
        "glitchtip-compose export configuration",
        "glitchtip-compose export configuration --instance prod --out prod.json",
      ],
      load: () => import("../commands/export.ts"),
    },
    {
      name: "provision",
      summary: "the provisioner's work without its container: from CI, for a GlitchTip anywhere",
      changes: { of: "files" },
      examples: [
        "glitchtip-compose provision --url https://errors.example.com --token env:GLITCHTIP_TOKEN",
        "glitchtip-compose provision --check",
        "glitchtip-compose provision --out dsn",
        "glitchtip-compose provision api --dotenv .env.glitchtip",
      ],
      load: () => import("../commands/provision.ts"),
    },
    {
      name: "rotate",
      summary: "give apps a new key, and delete the old one once nobody uses it",
      changes: { of: "stack" },
      examples: [
        "glitchtip-compose rotate",
        "glitchtip-compose rotate api --dry-run",
        "glitchtip-compose rotate api --silent-for 10m --yes",
        "glitchtip-compose rotate --abort",
      ],
      load: () => import("../commands/rotate.ts"),
    },
  ],
};
