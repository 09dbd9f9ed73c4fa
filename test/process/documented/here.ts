/** A folder that lines are run in; each line has a copy of its own. */
export type Fixture = "empty" | "files" | "services" | "shop" | "server" | "server alone";

export interface Here {
  readonly in: Fixture;
  /** The lines, as the pages have them without `npx`; a line's options without which it asks, or calls other machines. */
  readonly lines: Readonly<Record<string, string>>;
  /** Lines that come before each of them, and their exit code. */
  readonly before?: readonly string[];
  readonly beforeCode?: number;
  /** The exit code, where the line ends with another than 0. */
  readonly code?: number;
}

const NO_DNS = "--no-preflight";

/** Lines that need no engine: the test runs each of them. */
export const HERE: readonly Here[] = [
  {
    in: "empty",
    lines: {
      "glitchtip-compose help all": "",
      "glitchtip-compose help GC1203": "",
      "glitchtip-compose help NAME": "",
      "glitchtip-compose COMMAND --help": "",
      "glitchtip-compose completion bash": "",
      "glitchtip-compose completion fish > ~/.config/fish/completions/glitchtip-compose.fish": "",
      "glitchtip-compose completion powershell | Out-String | Invoke-Expression": "",
      "source <(glitchtip-compose completion bash)": "",
      "source <(glitchtip-compose completion zsh)": "",
      "glitchtip-compose compose metadata": "",
      "glitchtip-compose size --events-per-day 5000": "",
      "glitchtip-compose size --events-per-day 50000 --retention 90d": "",
      "glitchtip-compose size --events-per-day 200000 --retention 30d --production --json": "",
      "glitchtip-compose init": "",
      "glitchtip-compose init --no-apps": "",
      "glitchtip-compose init --no-apps --port 8002": "",
      "glitchtip-compose init --size 200000/30d": "",
      "glitchtip-compose init --size 50000/90d": "",
      "glitchtip-compose init --topology single-container": "",
      "glitchtip-compose init --production --domain errors.example.com --email you@example.com": NO_DNS,
    },
  },
  {
    in: "services",
    lines: {
      "glitchtip-compose init --yes --app api=shop-api --app web=shop-web --organization Acme": "",
      "glitchtip-compose init --service": "--no-apps",
      'glitchtip-compose init --app api=shop-api --entrypoint api=\'["docker-entrypoint.sh"]\' --command api=\'["node","server.js"]\'':
        "",
      "glitchtip-compose init --production --domain errors.example.com --email you@example.com --email-url file:./mail-url": `${NO_DNS} --no-apps`,
      "glitchtip-compose init --production --domain errors.example.com --email you@example.org --proxy nginx": `${NO_DNS} --no-apps`,
      "glitchtip-compose init --production --domain errors.example.com --email you@example.org --proxy traefik --proxy-network traefik --cert-resolver le": `${NO_DNS} --no-apps`,
      "glitchtip-compose init --production --domain errors.example.com --email you@example.org --proxy traefik --app web=shop":
        NO_DNS,
      "glitchtip-compose init --production --domain errors.example.com --email you@example.org --proxy nginx --app web=shop":
        NO_DNS,
      "glitchtip-compose init --production --domain errors.example.com --proxy traefik --proxy-network edge --cert-resolver le": `${NO_DNS} --no-apps`,
      "glitchtip-compose init --yes --server-url http://localhost:8002 --container-url http://glitchtip:8000 --network alone_glitchtip --app web=shop --organization Alone --email admin@example.com --admin-password env:GLITCHTIP_PW":
        "",
      "glitchtip-compose init --server-url https://errors.example.com --token env:GLITCHTIP_TOKEN --app api=shop-api":
        "--container-url http://errors.example.com:8000",
    },
  },
  {
    in: "shop",
    lines: {
      "glitchtip-compose add worker --project jobs": "",
      "glitchtip-compose add web --audience public --variables VITE_SENTRY_DSN": "",
      "glitchtip-compose add dev --project shop --host --dotenv .env.local": "",
      'echo \'backup: { schedule: "03:15", keep: "daily=7,weekly=4" }\' >> glitchtip.yaml': "",
      "glitchtip-compose render": "",
      "glitchtip-compose render --dry-run": "",
      "glitchtip-compose render --check": "",
      "glitchtip-compose plan --files": "",
      "glitchtip-compose plan --files --json": "",
      "glitchtip-compose eject compose.override.yaml": "",
      "glitchtip-compose eject --dry-run": "",
      "glitchtip-compose graph": "",
      "glitchtip-compose graph > stack.mmd": "",
      "glitchtip-compose graph --svg > stack.svg": "",
      "glitchtip-compose graph --json | jq .services.glitchtip": "",
      "glitchtip-compose lock --remove": "",
      "zcat .glitchtip/base.json.gz | jq -j '.\"compose.override.yaml\"' | diff - compose.override.yaml": "",
    },
  },
  {
    in: "services",
    before: ["init --yes --app web=shop-web"],
    lines: {
      'glitchtip-compose add api --entrypoint \'["docker-entrypoint.sh"]\' --command \'["node","server.js"]\'': "",
    },
  },
  {
    in: "shop",
    before: ["add worker --project jobs"],
    lines: {
      "glitchtip-compose remove SERVICE": "",
      "glitchtip-compose remove worker": "",
      "glitchtip-compose remove worker --dry-run --json": "",
    },
  },
  {
    in: "shop",
    before: ["eject compose.override.yaml"],
    lines: { "glitchtip-compose render --adopt compose.override.yaml": "" },
  },
  {
    in: "files",
    lines: {
      "glitchtip-compose import terraform state.json --dry-run --json": "--url https://errors.example.com",
      "glitchtip-compose emulate --generation 5.2 --port 0 --superuser admin@example.com --password-file pw.txt --json":
        "",
      "openssl rand -base64 32 > service-secret": "",
      "echo 'notify: [{type: json, url: \"env:CHANNEL\", events: [drift]}]' >> glitchtip.yaml": "",
      "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=errors.example.com -addext subjectAltName=DNS:errors.example.com -keyout key.pem -out cert.pem":
        "",
      "glitchtip-compose import app-interface ../app-interface/data": "",
    },
  },
  {
    in: "server",
    code: 3,
    lines: {
      "glitchtip-compose plan": "",
      "glitchtip-compose plan --server --instance prod": "",
      "glitchtip-compose plan --file servers/ --strict": "",
      "glitchtip-compose plan --out FILE": "",
      "glitchtip-compose plan --out next.plan": "",
      "glitchtip-compose provision --check": "",
    },
  },
  {
    in: "server",
    lines: {
      "glitchtip-compose apply": "--yes",
      "glitchtip-compose apply --yes --instance prod --json": "",
      "glitchtip-compose provision --url https://errors.example.com --token env:GLITCHTIP_TOKEN": "",
      "glitchtip-compose provision --out dsn": "",
      "glitchtip-compose provision api --dotenv .env.glitchtip": "",
    },
  },
  {
    in: "server",
    before: ["plan --out next.plan"],
    beforeCode: 3,
    lines: { "glitchtip-compose apply --plan next.plan": "--yes" },
  },
  {
    in: "server",
    before: ["apply --yes --file before.yaml"],
    lines: { "glitchtip-compose apply --yes --confirm old-shop": "" },
  },
  {
    in: "server",
    before: ["apply --yes"],
    lines: {
      "glitchtip-compose pull": "",
      "glitchtip-compose pull --all": "",
      "glitchtip-compose pull --all --instance prod": "",
      "glitchtip-compose pull --kind alerts --dry-run": "",
      "glitchtip-compose pull --kind monitors --dry-run": "",
      "glitchtip-compose alert test high-error-rate --project shop-api": "",
      "glitchtip-compose alert test down --project shop-api --instance prod": "",
      "glitchtip-compose export configuration": "",
      "glitchtip-compose export configuration --instance prod --out prod.json": "",
    },
  },
  {
    in: "server",
    before: ["apply --yes", "export configuration --out glitchtip-configuration-20261121-081500Z.json"],
    lines: {
      "glitchtip-compose import configuration FILE --dry-run": "",
      "glitchtip-compose import configuration glitchtip-configuration-20261121-081500Z.json --dry-run": "",
    },
  },
  {
    in: "server alone",
    before: ["apply --yes --file before.yaml"],
    lines: {
      "glitchtip-compose pull --url https://errors.example.com --token-file glitchtip.token": "",
      "glitchtip-compose pull --url https://errors.example.com --token env:GLITCHTIP_TOKEN": "",
    },
  },
  {
    in: "server alone",
    before: ["apply --yes --file before.yaml"],
    code: 3,
    lines: {
      "glitchtip-compose pull --url https://errors.example.com --token env:GLITCHTIP_TOKEN --organization Acme --dry-run":
        "",
      "glitchtip-compose pull --url https://errors.example.com --token env:GLITCHTIP_TOKEN --organization Acme --kind alerts --dry-run":
        "",
    },
  },
];
