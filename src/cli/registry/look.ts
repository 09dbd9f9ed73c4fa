import type { CommandGroup } from "../command.ts";

export const LOOK_COMMANDS: CommandGroup = {
  topic: "inspect",
  heading: "Inspect:",
  commands: [
    {
      name: "status",
      summary: "show what runs and what needs attention",
      details:
        "The first line is the verdict. Below it: services, the provisioner's last run, which app has its DSN, memory, disk, queue, last backup, certificate.",
      exitCodes: { 1: "something needs attention" },
      examples: [
        "npx glitchtip-compose status",
        "npx glitchtip-compose status --json",
        "npx glitchtip-compose status --watch",
      ],
      load: () => import("../commands/status.ts"),
    },
    {
      name: "doctor",
      summary: "find everything that stands in the way, each finding with its fix",
      details: "`--bundle FILE` writes a report without secrets for somebody who helps.",
      guide: "docs/daily.md",
      exitCodes: { 1: "at least one problem was found" },
      examples: [
        "npx glitchtip-compose doctor",
        "npx glitchtip-compose doctor --json",
        "npx glitchtip-compose doctor --bundle support.json",
      ],
      load: () => import("../commands/doctor.ts"),
    },
    {
      name: "check",
      summary: "check the stack against the hardening table for production",
      details: "Prints each point with its reason, and what to do where it fails.",
      guide: "docs/production.md",
      exitCodes: { 1: "at least one point failed" },
      examples: ["npx glitchtip-compose check --production", "npx glitchtip-compose check --production --json"],
      load: () => import("../commands/check.ts"),
    },
    {
      name: "verify",
      summary: "send an event from each app's own container and read it back",
      details:
        "The test issue is resolved afterwards. An app that does not run because of its profile or its scale is skipped.",
      guide: "docs/how-it-works.md",
      exitCodes: { 1: "at least one event did not arrive" },
      examples: ["npx glitchtip-compose verify", "npx glitchtip-compose verify api worker --json"],
      load: () => import("../commands/verify.ts"),
    },
    {
      name: "password",
      summary: "print the administrator's password",
      details: "The first `up` creates it. Into a file or a pipe it goes only with `--show`.",
      guide: "docs/secrets.md",
      examples: ["npx glitchtip-compose password", "npx glitchtip-compose password --show | pbcopy"],
      load: () => import("../commands/password.ts"),
    },
    {
      name: "logs",
      summary: "show the logs of all services in the order of time",
      details: "`--errors` keeps failures with the lines that belong to them.",
      guide: "docs/daily.md",
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
      summary: "print the stack as a chart: services, networks, volumes, ports, secrets",
      details: "A Mermaid chart, or an SVG image. Reads the files alone, so it works without Docker.",
      guide: "docs/daily.md",
      examples: [
        "npx glitchtip-compose graph --svg > stack.svg",
        "npx glitchtip-compose graph > stack.mmd",
        "npx glitchtip-compose graph --json | jq .services.glitchtip",
      ],
      load: () => import("../commands/graph.ts"),
    },
    {
      name: "load",
      summary: "send real events to the running stack and read every accepted one back",
      details: "Prints events per second, losses and the memory of each container.",
      guide: "docs/sizing.md",
      examples: [
        "npx glitchtip-compose load",
        "npx glitchtip-compose load --events 2000 --concurrency 8 --project shop --json",
      ],
      load: () => import("../commands/load.ts"),
    },
  ],
};
