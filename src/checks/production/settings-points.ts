import { fail, type HardeningPoint, notRead, pass, type Seen, THEN, variable } from "./point.ts";

const OVERRIDE = `Take it out of your own Compose files and of glitchtip.yaml, ${THEN}`;

/** What the environment says that GlitchTip gets. */
export const SETTINGS: readonly HardeningPoint[] = [
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
];

function mustBe(seen: Seen, name: string, wanted: RegExp, good: string, remedy: string) {
  if (seen.config === undefined) return notRead;
  const value = variable(seen, name);
  return wanted.test(value)
    ? pass(good)
    : fail(`${name} is ${value || "not set"}`, `${remedy} in glitchtip.yaml, ${THEN}`);
}
