/** What the emulator's `seed` makes, as people write it into a glitchtip.yaml that manages alerts. */
export function seededDeclaration(url: string, projects: number, alerts: number): string {
  const head = ["version: 1", "server:", `  url: ${url}`, "  token: env:GLITCHTIP_TOKEN", "organization: Acme"];
  const all = Array.from({ length: projects }, (_, at) => projectLines(`project-${String(at + 1).padStart(5, "0")}`));
  return `${[...head, "manage: [alerts]", "projects:", ...all.flat()].join("\n")}\n`;

  function projectLines(name: string): string[] {
    return [`  ${name}:`, "    alerts:", ...Array.from({ length: alerts }, (_, at) => alertLines(name, at + 1)).flat()];
  }
}

const alertLines = (project: string, nth: number): string[] => [
  `      - name: alert-${nth}`,
  `        quantity: ${100 * nth}`,
  `        timespanMinutes: ${10 * nth}`,
  "        recipients:",
  "          - type: email",
  "          - type: webhook",
  `            url: https://hooks.example.com/${project}/${nth}`,
];
