import type { CommandGroup } from "../command.ts";

export const SERVER_CONTENT_COMMANDS: CommandGroup = {
  topic: "content",
  heading: "Server content:",
  commands: [
    {
      name: "plan",
      summary: "show what would change in the files and on the servers",
      guide: "docs/server.md",
      exitCodes: { 3: "something would change", 4: "nothing would change, but a server could not be asked" },
      examples: [
        "npx glitchtip-compose plan",
        "npx glitchtip-compose plan --files --json",
        "npx glitchtip-compose plan --server --instance prod",
        "npx glitchtip-compose plan --file servers/ --strict",
        "npx glitchtip-compose plan --out next.plan",
      ],
      load: () => import("../commands/plan.ts"),
    },
    {
      name: "apply",
      summary: "make the servers hold what is declared: alerts, monitors, members, projects",
      details: "Shows the plan and asks before it writes, unless `--yes` is given.",
      guide: "docs/server.md",
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
      summary: "write what the servers hold into the declaration",
      details:
        "Comments are kept, and secrets become references. `--url` writes the declaration of a server that already runs.",
      guide: "docs/server.md",
      exitCodes: { 3: "with `--dry-run`: something would change" },
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
      summary: "send a test through an alert's recipients, where the server can",
      guide: "docs/server.md",
      examples: [
        "npx glitchtip-compose alert test high-error-rate --project shop-api",
        "npx glitchtip-compose alert test down --project shop-api --instance prod",
      ],
      load: () => import("../commands/alert.ts"),
    },
    {
      name: "export",
      summary: "write a server's configuration into a file for another server",
      details:
        "Organizations, teams, projects, keys, members, alerts and monitors. `import configuration FILE` creates them there.",
      guide: "docs/daily.md",
      examples: [
        "npx glitchtip-compose export configuration",
        "npx glitchtip-compose export configuration --instance prod --out prod.json",
      ],
      load: () => import("../commands/export.ts"),
    },
    {
      name: "serve",
      summary: "run a service that plans and applies by itself and by request, for many servers",
      guide: "docs/service.md",
      exitCodes: { 3: "`serve plan`: something would change", 4: "an equal apply is in progress already" },
      examples: [
        "npx glitchtip-compose serve --file servers/ --queue redis://127.0.0.1:6379 --secret file:./service-secret",
        "npx glitchtip-compose serve --watch servers/ --every 5m --worker --queue redis://valkey:6379",
        "npx glitchtip-compose serve --api --port 8080 --host 0.0.0.0 --queue env:QUEUE --secret env:SERVICE_SECRET",
        "npx glitchtip-compose serve apply --url https://service.example.com --token env:SERVICE_TOKEN --server prod-1",
        "npx glitchtip-compose serve token --secret file:./service-secret --subject ci --scope plan --scope apply --server 'prod-*'",
      ],
      load: () => import("../commands/serve.ts"),
    },
    {
      name: "provision",
      summary: "do the provisioner's work without its container, for CI and for a GlitchTip anywhere",
      details: "`--out` and `--dotenv` write files with the DSNs.",
      guide: "docs/existing-server.md",
      exitCodes: { 3: "with `--check`: something would change" },
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
      summary: "replace the keys of apps, and delete the old ones once nothing uses them",
      details:
        "Publishes the new key, restarts the apps, proves the key and then deletes the old one. `--abort` goes back.",
      guide: "docs/secrets.md",
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
