import type { CommandGroup } from "../command.ts";

export const LOOK_COMMANDS: CommandGroup = {
  topic: "look",
  heading: "Look:",
  commands: [
    {
      name: "status",
      summary: "what runs, what the provisioner did, which app has its DSN",
      examples: [
        "npx glitchtip-compose status",
        "npx glitchtip-compose status --json",
        "npx glitchtip-compose status --watch",
      ],
      load: () => import("../commands/status.ts"),
    },
    {
      name: "doctor",
      summary: "everything that stands in the way, each with its fix",
      examples: [
        "npx glitchtip-compose doctor",
        "npx glitchtip-compose doctor --json",
        "npx glitchtip-compose doctor --bundle support.json",
      ],
      load: () => import("../commands/doctor.ts"),
    },
    {
      name: "check",
      summary: "whether the stack is fit for the world: each point of the hardening table, with its reason",
      examples: ["npx glitchtip-compose check --production", "npx glitchtip-compose check --production --json"],
      load: () => import("../commands/check.ts"),
    },
    {
      name: "verify",
      summary: "send an event from each app's own container and read it back",
      examples: ["npx glitchtip-compose verify", "npx glitchtip-compose verify api worker --json"],
      load: () => import("../commands/verify.ts"),
    },
    {
      name: "password",
      summary: "print the administrator's password, which the first up made",
      examples: ["npx glitchtip-compose password", "npx glitchtip-compose password --show | pbcopy"],
      load: () => import("../commands/password.ts"),
    },
    {
      name: "logs",
      summary: "what the services say, as one view; --errors for failures alone",
      examples: [
        "npx glitchtip-compose logs --follow",
        "npx glitchtip-compose logs worker db --since 10m",
        "npx glitchtip-compose logs --errors --since 1d",
        "npx glitchtip-compose logs migrate --tail all",
        "npx glitchtip-compose logs --errors --json | jq -r .text",
      ],
      load: () => import("../commands/logs.ts"),
    },
    {
      name: "graph",
      summary: "the stack as a Mermaid chart: services, networks, volumes, ports, who holds which secret",
      examples: [
        "npx glitchtip-compose graph > stack.mmd",
        "npx glitchtip-compose graph --json | jq .services.glitchtip",
      ],
      load: () => import("../commands/graph.ts"),
    },
    {
      name: "load",
      summary: "send real events to the running stack, and read every accepted one back",
      examples: [
        "npx glitchtip-compose load",
        "npx glitchtip-compose load --events 2000 --concurrency 8 --project shop --json",
      ],
      load: () => import("../commands/load.ts"),
    },
  ],
};
