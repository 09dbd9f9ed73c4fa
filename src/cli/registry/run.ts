import type { CommandGroup } from "../command.ts";

export const RUN_COMMANDS: CommandGroup = {
  topic: "run",
  heading: "Run:",
  commands: [
    {
      name: "up",
      summary: "docker compose up, and before it the env files of apps that take their DSN from one",
      changes: { of: "stack" },
      examples: ["npx glitchtip-compose up"],
      load: () => import("../commands/up.ts"),
    },
    {
      name: "down",
      summary: "stop and remove the project's containers; the data stays",
      changes: { of: "stack" },
      examples: [
        "npx glitchtip-compose down",
        "npx glitchtip-compose down --volumes --dry-run",
        "npx glitchtip-compose down --volumes --confirm shop",
        "npx glitchtip-compose down --volumes --with-my-volumes uploads --dry-run",
      ],
      load: () => import("../commands/down.ts"),
    },
    {
      name: "restart",
      summary: "restart web and worker, or what is named, and wait until they are healthy",
      changes: { of: "stack" },
      examples: [
        "npx glitchtip-compose restart",
        "npx glitchtip-compose restart worker",
        "npx glitchtip-compose restart db --dry-run",
      ],
      load: () => import("../commands/restart.ts"),
    },
    {
      name: "migrate",
      summary: "migrations, partitions and the cache's table, now",
      changes: { of: "stack" },
      examples: ["npx glitchtip-compose migrate", "npx glitchtip-compose migrate --json"],
      load: () => import("../commands/migrate.ts"),
    },
    {
      name: "upgrade",
      summary: "another GlitchTip: backed up first, proved afterwards, taken back where it fails",
      changes: { of: "stack" },
      examples: [
        "npx glitchtip-compose upgrade --check",
        "npx glitchtip-compose upgrade --to glitchtip/glitchtip:6 --dry-run",
        "npx glitchtip-compose upgrade --to 6 --yes",
        "npx glitchtip-compose upgrade --postgres postgres:18",
        "npx glitchtip-compose upgrade --cleanup --dry-run",
      ],
      load: () => import("../commands/upgrade.ts"),
    },
    {
      name: "rollback",
      summary: "back to before the last upgrade: its images, its settings, its data",
      changes: { of: "stack" },
      examples: ["npx glitchtip-compose rollback --dry-run", "npx glitchtip-compose rollback --confirm shop"],
      load: () => import("../commands/rollback.ts"),
    },
    {
      name: "build",
      summary: "build what the project builds; what runs goes on running",
      examples: ["npx glitchtip-compose build", "npx glitchtip-compose build api --pull"],
      load: () => import("../commands/build.ts"),
    },
    {
      name: "push",
      summary: "the stack's images into a registry of your own",
      examples: [
        "npx glitchtip-compose push --to registry.example.com/glitchtip --dry-run",
        "npx glitchtip-compose push --to registry.example.com/glitchtip",
        "npx glitchtip-compose push web --to registry.example.com/glitchtip --overwrite",
      ],
      load: () => import("../commands/push.ts"),
    },
    {
      name: "package",
      summary: "create or verify a bundle for machines without internet",
      examples: [
        "npx glitchtip-compose package create --dry-run",
        "npx glitchtip-compose package create --to /mnt/usb",
        "npx glitchtip-compose package verify /mnt/usb/glitchtip-20261121-031500Z",
        "sh /mnt/usb/glitchtip-20261121-031500Z/load.sh /srv/shop",
      ],
      load: () => import("../commands/package.ts"),
    },
    {
      name: "clean",
      summary: "remove GlitchTip from the engine: its containers, its data, the images built for it",
      changes: { of: "stack" },
      examples: [
        "npx glitchtip-compose clean --dry-run",
        "npx glitchtip-compose clean",
        "npx glitchtip-compose clean --no-images --confirm shop",
        "npx glitchtip-compose clean --with-my-volumes --dry-run",
      ],
      load: () => import("../commands/clean.ts"),
    },
  ],
};
