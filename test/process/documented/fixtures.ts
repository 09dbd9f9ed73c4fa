import type { Emulator } from "../../../src/emulator/index.ts";
import type { Fixture } from "./here.ts";

const service = (name: string) => `  ${name}: { image: example/${name}, entrypoint: [node], command: [server.js] }\n`;

const STATE = JSON.stringify({
  version: 4,
  resources: [
    {
      mode: "managed",
      type: "glitchtip_project",
      name: "shop",
      instances: [{ attributes: { organization: "acme", id: "7", name: "shop", slug: "shop" } }],
    },
  ],
});

const APP_INTERFACE = {
  "instance-1.yml": `$schema: /glitchtip/instance-1.yml
name: my-glitchtip
consoleUrl: https://glitchtip.example.com
automationUserEmail: {path: app-sre/glitchtip, field: email}
automationToken: {path: app-sre/glitchtip, field: token}
`,
  "project-1.yml": `$schema: /glitchtip/project-1.yml
name: my-service
projectId: my-service
organization: {name: my-org, instance: {name: my-glitchtip}}
`,
};

const alert = (name: string, more: string) =>
  `{name: ${name}, ${more}, recipients: [{type: webhook, url: "https://hooks.example.com/${name}"}]}`;

/** A declaration of a server that runs already. */
const declaration = ({ url }: Emulator, more = "") => `version: 1
name: prod
server: { url: ${url}, containerUrl: "http://errors.example.com:8000", token: "file:glitchtip.token" }
organization: Acme
prune: true
projects:
  shop-api:
    team: backend
    alerts: [${alert("high-error-rate", "quantity: 10, timespanMinutes: 5")}, ${alert("down", "uptime: true")}]
    monitors: [{name: site, type: GET, url: "https://shop.example.com", intervalSeconds: 60}]
${more}apps: { api: { project: shop-api } }
`;

/** Returns the files of a fixture, by path from its folder. */
export function filesOf(fixture: Fixture, emulator: Emulator | undefined): Readonly<Record<string, string>> {
  const beside = Object.entries(APP_INTERFACE).map(([name, text]) => [`../app-interface/data/glitchtip/${name}`, text]);
  if (fixture === "empty") return {};
  if (fixture === "files") {
    const secret = "a-secret-of-the-service-with-enough-characters\n";
    return {
      "pw.txt": "correct horse\n",
      "service-secret": secret,
      "state.json": STATE,
      ...Object.fromEntries(beside),
    };
  }
  const compose = `services:\n${["api", "web", "worker"].map(service).join("")}`;
  if (emulator === undefined || !fixture.startsWith("server"))
    return { "compose.yaml": compose, "mail-url": "smtp://mail.example.com:25\n" };
  const token = { "glitchtip.token": `${emulator.mintToken()}\n` };
  const before = { "before.yaml": declaration(emulator, "  old-shop: {}\n") };
  if (fixture === "server alone") return { ...token, ...before };
  return {
    ...token,
    ...before,
    "compose.yaml": compose,
    "glitchtip.yaml": declaration(emulator),
    "servers/prod.yaml": declaration(emulator)
      .replace(/^apps:.*\n/m, "")
      .replace("file:", "file:../"),
  };
}
