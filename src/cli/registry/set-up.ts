import type { CommandGroup } from "../command.ts";

export const SET_UP_COMMANDS: CommandGroup = {
  topic: "set-up",
  heading: "Set up:",
  commands: [
    {
      name: "init",
      summary: "put a GlitchTip beside your services, or a sample app into an empty folder",
      changes: { of: "files" },
      examples: [
        "npx glitchtip-compose init",
        "npx glitchtip-compose init --yes --app api=shop-api --app web=shop-web --organization Acme",
        "npx glitchtip-compose init --no-apps",
        "npx glitchtip-compose init --production --domain errors.example.com --email you@example.com --email-url file:./mail-url",
        "npx glitchtip-compose init --server-url https://errors.example.com --token env:GLITCHTIP_TOKEN --app api=shop-api",
        `npx glitchtip-compose init --app api=shop-api --entrypoint api='["docker-entrypoint.sh"]' --command api='["node","server.js"]'`,
      ],
      load: () => import("../commands/init.ts"),
    },
    {
      name: "add",
      summary: "give one more service a DSN",
      changes: { of: "files" },
      examples: [
        "npx glitchtip-compose add worker --project jobs",
        "npx glitchtip-compose add web --audience public --variables VITE_SENTRY_DSN",
        "npx glitchtip-compose add dev --project shop --host --dotenv .env.local",
        `npx glitchtip-compose add api --entrypoint '["docker-entrypoint.sh"]' --command '["node","server.js"]'`,
      ],
      load: () => import("../commands/add.ts"),
    },
    {
      name: "remove",
      summary: "a service no longer gets a DSN",
      changes: { of: "files" },
      examples: ["npx glitchtip-compose remove worker", "npx glitchtip-compose remove worker --dry-run --json"],
      load: () => import("../commands/remove.ts"),
    },
    {
      name: "render",
      summary: "bring the managed files up to date, your edits merged in, and show how they change",
      changes: { of: "files" },
      examples: [
        "npx glitchtip-compose render",
        "npx glitchtip-compose render --dry-run",
        "npx glitchtip-compose render --check",
        "npx glitchtip-compose render --adopt compose.override.yaml",
      ],
      load: () => import("../commands/render.ts"),
    },
    {
      name: "eject",
      summary: "make managed files your own: they are no longer written",
      changes: { of: "files" },
      examples: ["npx glitchtip-compose eject compose.override.yaml", "npx glitchtip-compose eject --dry-run"],
      load: () => import("../commands/eject.ts"),
    },
    {
      name: "import",
      summary: "the declaration, from app-interface's files or a Terraform state; or another server's configuration",
      changes: { of: "files" },
      examples: [
        "npx glitchtip-compose import app-interface ../app-interface/data",
        "terraform state pull | npx glitchtip-compose import terraform - --url https://glitchtip.example.com",
        "npx glitchtip-compose import terraform state.json --dry-run --json",
        "npx glitchtip-compose import configuration glitchtip-configuration-20261121-081500Z.json --dry-run",
      ],
      load: () => import("../commands/import.ts"),
    },
    {
      name: "lock",
      summary: "pin the stack's images by their digests",
      changes: { of: "files" },
      examples: [
        "npx glitchtip-compose lock",
        "docker compose pull && npx glitchtip-compose lock",
        "npx glitchtip-compose lock --remove",
      ],
      load: () => import("../commands/lock.ts"),
    },
    {
      name: "uninstall",
      summary: "remove GlitchTip from the engine and from this folder, which is then as it was before init",
      changes: { of: "stack" },
      examples: [
        "npx glitchtip-compose uninstall --dry-run",
        "npx glitchtip-compose uninstall",
        "npx glitchtip-compose uninstall --keep-data --confirm shop",
      ],
      load: () => import("../commands/uninstall.ts"),
    },
    {
      name: "size",
      summary: "what so many events a day need: topology, memory, disk, Postgres, and why",
      examples: [
        "npx glitchtip-compose size --events-per-day 5000",
        "npx glitchtip-compose size --events-per-day 200000 --retention 30d --production --json",
        "npx glitchtip-compose init --size 200000/30d",
      ],
      load: () => import("../commands/size.ts"),
    },
    {
      name: "demo",
      summary: "all of it in a temporary folder, up to an event read back",
      examples: ["npx glitchtip-compose demo", "npx glitchtip-compose demo --no-containers --json"],
      load: () => import("../commands/demo.ts"),
    },
  ],
};
