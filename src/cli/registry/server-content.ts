import type { CommandGroup } from "../command.ts";

export const SERVER_CONTENT_COMMANDS: CommandGroup = {
  topic: "server",
  heading: "What the server holds:",
  commands: [
    {
      name: "plan",
      summary: "what would change; exit code 3 if anything would",
      examples: [
        "npx glitchtip-compose plan",
        "npx glitchtip-compose plan --files --json",
        "npx glitchtip-compose plan --server --instance prod",
        "npx glitchtip-compose plan --file servers/ --strict",
        "npx glitchtip-compose plan --out next.plan && npx glitchtip-compose apply --plan next.plan",
      ],
      load: () => import("../commands/plan.ts"),
    },
    {
      name: "apply",
      summary: "make the servers hold what is declared: alerts, monitors, members, projects",
      changes: { of: "files" },
      examples: [
        "npx glitchtip-compose apply",
        "npx glitchtip-compose apply --yes --instance prod --json",
        "npx glitchtip-compose apply --yes --confirm old-shop",
        "npx glitchtip-compose apply --plan next.plan",
      ],
      load: () => import("../commands/apply.ts"),
    },
    {
      name: "pull",
      summary: "write what the servers hold into the declaration, its comments kept",
      changes: { of: "files" },
      examples: [
        "npx glitchtip-compose pull",
        "npx glitchtip-compose pull --kind alerts --dry-run",
        "npx glitchtip-compose pull --all --instance prod",
        "npx glitchtip-compose pull --url https://errors.example.com --token-file glitchtip.token",
        "npx glitchtip-compose pull --url https://errors.example.com --token env:GLITCHTIP_TOKEN --organization Acme --dry-run",
      ],
      load: () => import("../commands/pull.ts"),
    },
    {
      name: "alert",
      summary: "test: send a test through an alert's recipients, where the server can",
      examples: [
        "npx glitchtip-compose alert test high-error-rate --project shop-api",
        "npx glitchtip-compose alert test down --project shop-api --instance prod",
      ],
      load: () => import("../commands/alert.ts"),
    },
    {
      name: "export",
      summary: "what a server holds, in a file for another one",
      examples: [
        "npx glitchtip-compose export configuration",
        "npx glitchtip-compose export configuration --instance prod --out prod.json",
      ],
      load: () => import("../commands/export.ts"),
    },
    {
      name: "provision",
      summary: "the provisioner's work without its container: from CI, for a GlitchTip anywhere",
      changes: { of: "files" },
      examples: [
        "npx glitchtip-compose provision --url https://errors.example.com --token env:GLITCHTIP_TOKEN",
        "npx glitchtip-compose provision --check",
        "npx glitchtip-compose provision --out dsn",
        "npx glitchtip-compose provision api --dotenv .env.glitchtip",
      ],
      load: () => import("../commands/provision.ts"),
    },
    {
      name: "rotate",
      summary: "give apps a new key, and delete the old one once nobody uses it",
      changes: { of: "stack" },
      examples: [
        "npx glitchtip-compose rotate",
        "npx glitchtip-compose rotate api --dry-run",
        "npx glitchtip-compose rotate api --silent-for 10m --yes",
        "npx glitchtip-compose rotate --abort",
      ],
      load: () => import("../commands/rotate.ts"),
    },
  ],
};
