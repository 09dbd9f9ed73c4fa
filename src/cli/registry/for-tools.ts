import type { CommandGroup } from "../command.ts";

export const FOR_TOOLS_COMMANDS: CommandGroup = {
  topic: "tools",
  heading: "For shells, tests and Compose:",
  commands: [
    {
      name: "completion",
      summary: "print the completion script for bash, zsh, fish or PowerShell",
      guide: "docs/daily.md",
      examples: [
        "npx glitchtip-compose completion bash",
        "npx glitchtip-compose completion fish > ~/.config/fish/completions/glitchtip-compose.fish",
      ],
      load: () => import("../commands/completion.ts"),
    },
    {
      name: "emulate",
      summary: "run a GlitchTip in memory, for tests without containers",
      details: "It answers as GlitchTip 4.1, 5.1, 5.2 and 6 did when they were recorded.",
      examples: [
        "npx glitchtip-compose emulate --generation 5.2 --port 0 --superuser admin@example.com --password-file pw.txt --json",
        "npx glitchtip-compose emulate --port 8400 --token-file glitchtip.token",
      ],
      load: () => import("../commands/emulate.ts"),
    },
    {
      name: "compose",
      summary: "answer Compose for services with `inject: provider`",
      guide: "docs/compose-provider.md",
      examples: [
        "npx glitchtip-compose compose metadata",
        "npx glitchtip-compose compose --project-name=shop up glitchtip",
      ],
      load: () => import("../commands/compose.ts"),
    },
  ],
};
