import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { resolveServer } from "../../config/server.ts";
import { SECRETS_FOLDER } from "../../stack/render.ts";
import { missingSecrets } from "../project/secrets.ts";
import { fail, type HardeningPoint, notRead, pass, variable } from "./point.ts";
import { weakSecrets } from "./secret-values.ts";

const THEN = "then: npx glitchtip-compose init, docker compose up -d --wait";
const OVERRIDE = `Take it out of your own Compose files and of glitchtip.yaml, ${THEN}`;

/** What glitchtip.yaml and the environment that GlitchTip gets say. */
export const DECLARED: readonly HardeningPoint[] = [
  {
    id: "https",
    what: "people, browsers and mails use an https address",
    how: "`production` in glitchtip.yaml, GLITCHTIP_DOMAIN in the container",
    check(seen) {
      const { production } = seen.project.declaration;
      if (production === undefined) {
        return fail(
          "glitchtip.yaml has no production",
          "npx glitchtip-compose init --production --domain errors.example.com",
        );
      }
      const domain = variable(seen, "GLITCHTIP_DOMAIN");
      if (seen.config === undefined) return notRead;
      return domain.startsWith("https://") ? pass(domain) : fail(`GLITCHTIP_DOMAIN is ${domain}`, OVERRIDE);
    },
  },
  {
    id: "registration",
    what: "strangers cannot make an account",
    how: "ENABLE_USER_REGISTRATION in the container",
    check: (seen) =>
      mustBe(seen, "ENABLE_USER_REGISTRATION", /^false$/i, "closed", "Write server.registration: closed"),
  },
  {
    id: "organizations",
    what: "only administrators make organizations",
    how: "ENABLE_ORGANIZATION_CREATION in the container",
    check: (seen) => mustBe(seen, "ENABLE_ORGANIZATION_CREATION", /^false$/i, "closed", "Declare production"),
  },
  {
    id: "hosts",
    what: "it answers to its own names only",
    how: "ALLOWED_HOSTS: the domain and the inner name are in it, `*` is not",
    check(seen) {
      if (seen.config === undefined) return notRead;
      const hosts = variable(seen, "ALLOWED_HOSTS").split(",").filter(Boolean);
      const { domain = "" } = seen.project.declaration.production ?? {};
      const missing = [domain, "glitchtip"].filter((name) => !hosts.includes(name));
      if (hosts.length === 0 || hosts.includes("*")) return fail("any name in the Host header is accepted", OVERRIDE);
      return missing.length === 0
        ? pass(hosts.join(", "))
        : fail(`ALLOWED_HOSTS lacks ${missing.join(", ")}`, OVERRIDE);
    },
  },
  {
    id: "origins",
    what: "forms are taken from its own pages only",
    how: "CSRF_TRUSTED_ORIGINS: the public address is in it, no wildcard is",
    check(seen) {
      if (seen.config === undefined) return notRead;
      const origins = variable(seen, "CSRF_TRUSTED_ORIGINS").split(",").filter(Boolean);
      const url = seen.project.declaration.server.url ?? "";
      const good = origins.includes(url) && !origins.some((origin) => origin.includes("*"));
      return good
        ? pass(origins.join(", "))
        : fail(`CSRF_TRUSTED_ORIGINS is ${origins.join(", ") || "not set"}`, OVERRIDE);
    },
  },
  {
    id: "debug",
    what: "no pages for developers, no interface for tests",
    how: "DEBUG and ENABLE_TEST_API in the container",
    check(seen) {
      if (seen.config === undefined) return notRead;
      const on = ["DEBUG", "ENABLE_TEST_API"].filter((name) => /^(true|on|ok|y|yes|1)$/i.test(variable(seen, name)));
      return on.length === 0 ? pass("both off") : fail(`${on.join(", ")} is on`, OVERRIDE);
    },
  },
  {
    id: "mail",
    what: "alerts, invitations and password recovery reach people",
    how: "`mail` in glitchtip.yaml; `mail test` sends one",
    check: ({ project: { declaration } }) =>
      declaration.mail === undefined
        ? fail("mails are only printed to the log", `Declare mail: {url: file:./mail-url}, ${THEN}`)
        : pass(`by ${declaration.mail.url}, from ${declaration.mail.from ?? declaration.admin?.email ?? ""}`),
  },
  {
    id: "administrator",
    what: "the administrator's address is somebody's",
    how: "`admin.email` in glitchtip.yaml",
    check({ project: { declaration } }) {
      const email = declaration.admin?.email ?? "";
      return /@(.*\.)?example\.(com|net|org)$/i.test(email)
        ? fail(
            `${email} is a placeholder`,
            "Write your address as admin.email before the first start; later, in GlitchTip too.",
          )
        : pass(email);
    },
  },
  {
    id: "retention",
    what: "somebody has decided how long data is kept",
    how: "`server.retention.events` in glitchtip.yaml",
    check({ project: { declaration } }) {
      const kept = Object.entries(declaration.server.retention ?? {}).filter(([, days]) => days !== undefined);
      return declaration.server.retention?.events === undefined
        ? fail("GlitchTip's own default decides", `Write server.retention: {events: 90d}, ${THEN}`)
        : pass(kept.map(([kind, days]) => `${kind} ${days}`).join(", "));
    },
  },
  {
    id: "worker",
    what: "a burst of events does not take the web page's memory",
    how: "web and worker are containers of their own",
    check({ project: { declaration } }) {
      const topology = resolveServer(declaration.server).server?.topology;
      return topology === "split"
        ? pass("glitchtip and glitchtip-worker")
        : fail("web and worker share one process", `Write server.topology: split, ${THEN}`);
    },
  },
  {
    id: "apps",
    what: "an outage of GlitchTip keeps no application from starting",
    how: "`onFailure` in glitchtip.yaml, for all and for each app",
    check({ project: { declaration } }) {
      const blocking = Object.entries(declaration.apps)
        .filter(([, app]) => (app.onFailure ?? declaration.onFailure) === "block")
        .map(([name]) => name);
      return blocking.length === 0
        ? pass("they start without reporting")
        : fail(`${blocking.join(", ")} would end with 78`, `Write onFailure: start-without-reporting, ${THEN}`);
    },
  },
  {
    id: "secrets",
    what: "no secret is short, easy to guess or a placeholder",
    how: "passwords of administrator, database and mail, and the secret key",
    check({ project, shell }) {
      const weak = weakSecrets(project.dir, project.declaration, { ...project.env, ...shell });
      return weak.length === 0 ? pass("strong") : fail(weak.join("; "), "npx glitchtip-compose secrets rotate");
    },
  },
  {
    id: "secret-files",
    what: "nobody else on the host reads the secrets, and git does not take them",
    how: "all files are there, `.glitchtip/secrets` is 0700, `.glitchtip/.gitignore` names it",
    check({ project: { dir, declaration, env }, shell }) {
      const folder = join(dir, SECRETS_FOLDER);
      const missing = missingSecrets(dir, declaration, { ...env, ...shell });
      if (missing.length > 0)
        return fail(`${missing.join(", ")} is missing`, "npx glitchtip-compose init, or restore it");
      const mode = existsSync(folder) ? statSync(folder).mode & 0o777 : 0o700;
      if (mode !== 0o700) return fail(`${SECRETS_FOLDER} is ${mode.toString(8)}`, `chmod 700 ${SECRETS_FOLDER}`);
      const ignored = existsSync(join(dir, ".glitchtip/.gitignore"));
      return ignored ? pass("closed") : fail(".glitchtip/.gitignore is missing", "npx glitchtip-compose init");
    },
  },
];

type Seen = Parameters<HardeningPoint["check"]>[0];

function mustBe(seen: Seen, name: string, wanted: RegExp, good: string, remedy: string) {
  if (seen.config === undefined) return notRead;
  const value = variable(seen, name);
  return wanted.test(value)
    ? pass(good)
    : fail(`${name} is ${value || "not set"}`, `${remedy} in glitchtip.yaml, ${THEN}`);
}
