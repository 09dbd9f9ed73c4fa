import type { CommandGroup } from "../command.ts";

export const SET_UP_COMMANDS: CommandGroup = {
  topic: "set-up",
  heading: "Set up:",
  commands: [
    {
      name: "init",
      summary: "put GlitchTip beside your services, or create a sample app in an empty folder",
      details:
        "Creates the files of the workspace, or brings them up to date with `glitchtip.yaml`. A second run changes nothing.",
      exitCodes: { 3: "with `--dry-run`, where a declaration exists: something would change" },
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
      details:
        "Adds an entry to `glitchtip.yaml`, keeps its comments, and updates the other files. On a terminal it asks which service when none is named.",
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
      summary: "stop giving a service a DSN",
      details: "Takes the service out of `glitchtip.yaml`. Its project and the events it reported stay on the server.",
      changes: { of: "files" },
      examples: ["npx glitchtip-compose remove worker", "npx glitchtip-compose remove worker --dry-run --json"],
      load: () => import("../commands/remove.ts"),
    },
    {
      name: "render",
      summary: "bring the managed files up to date and merge your edits",
      details: "Use it after a change of `glitchtip.yaml` or an update of this tool.",
      guide: "docs/regeneration.md",
      exitCodes: { 3: "with `--check` or `--dry-run`: something would change" },
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
      summary: "make managed files your own, so that they are no longer written",
      details: "`render --adopt` takes them back.",
      guide: "docs/regeneration.md",
      changes: { of: "files" },
      examples: ["npx glitchtip-compose eject compose.override.yaml", "npx glitchtip-compose eject --dry-run"],
      load: () => import("../commands/eject.ts"),
    },
    {
      name: "import",
      summary: "write the declaration from app-interface or Terraform, or import a configuration",
      details:
        "Comments are kept, and nothing is created twice. `import configuration FILE` creates on this workspace's server what an exported file lists.",
      guide: "docs/import.md",
      exitCodes: { 3: "with `configuration --dry-run`: something would be created" },
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
      summary: "pin the stack's images by digest",
      details: "Writes the digests into a file that update bots read.",
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
      summary: "remove GlitchTip from the engine and from this folder",
      details:
        "Removes containers, data, files and our lines in `.env`. Afterwards the folder is byte for byte what it was before `init`.",
      guide: "docs/uninstall.md",
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
      summary: "work out what a number of events per day needs",
      details:
        "Prints topology, memory, disk and Postgres settings with the measurements behind them. `init --size N/90d` applies them.",
      guide: "docs/sizing.md",
      examples: [
        "npx glitchtip-compose size --events-per-day 5000",
        "npx glitchtip-compose size --events-per-day 200000 --retention 30d --production --json",
        "npx glitchtip-compose init --size 200000/30d",
      ],
      load: () => import("../commands/size.ts"),
    },
    {
      name: "demo",
      summary: "run the whole path in a temporary folder, up to an event read back",
      details: "Uses Docker where it can, and the emulator and plain processes elsewhere. It says which.",
      examples: ["npx glitchtip-compose demo", "npx glitchtip-compose demo --no-containers --json"],
      load: () => import("../commands/demo.ts"),
    },
  ],
};
