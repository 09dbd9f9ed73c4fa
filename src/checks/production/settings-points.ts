import {
  DECLARE_PRODUCTION,
  failed,
  filesNotRead,
  type HardeningPoint,
  type ProductionFacts,
  passed,
  serverVariable,
  THEN,
} from "./point.ts";

const OVERRIDE = `Take it out of your own Compose files and of glitchtip.yaml, ${THEN}`;

/** Nobody has taken the setting back where production is not declared: the value is the one for a machine of one's own. */
const remedyOf = ({ workspace }: ProductionFacts): string =>
  workspace.declaration.production === undefined ? DECLARE_PRODUCTION : OVERRIDE;

/** Points about the environment of GlitchTip's containers. */
export const SETTINGS_POINTS: readonly HardeningPoint[] = [
  {
    id: "https",
    what: "people, browsers and mails use an https address",
    how: "`production` in glitchtip.yaml, GLITCHTIP_DOMAIN in the container",
    check(seen) {
      const { production } = seen.workspace.declaration;
      if (production === undefined) {
        return failed("glitchtip.yaml has no production", DECLARE_PRODUCTION);
      }
      const domain = serverVariable(seen, "GLITCHTIP_DOMAIN");
      if (seen.config === undefined) return filesNotRead;
      return domain.startsWith("https://") ? passed(domain) : failed(`GLITCHTIP_DOMAIN is ${domain}`, OVERRIDE);
    },
  },
  {
    id: "registration",
    what: "strangers cannot create an account",
    how: "ENABLE_USER_REGISTRATION in the container",
    check: (seen) =>
      mustBe(seen, "ENABLE_USER_REGISTRATION", /^false$/i, "closed", "Write server.registration: closed"),
  },
  {
    id: "organizations",
    what: "only administrators create organizations",
    how: "ENABLE_ORGANIZATION_CREATION in the container",
    check: (seen) => mustBe(seen, "ENABLE_ORGANIZATION_CREATION", /^false$/i, "closed", "Declare production"),
  },
  {
    id: "hosts",
    what: "only its own host names are accepted",
    how: "ALLOWED_HOSTS: the domain and the inner name are in it, `*` is not",
    check(seen) {
      if (seen.config === undefined) return filesNotRead;
      const hosts = serverVariable(seen, "ALLOWED_HOSTS").split(",").filter(Boolean);
      const { domain } = seen.workspace.declaration.production ?? {};
      const missing = [domain ?? "the public name", "glitchtip"].filter((name) => !hosts.includes(name));
      if (hosts.length === 0 || hosts.includes("*"))
        return failed("any name in the Host header is accepted", remedyOf(seen));
      return missing.length === 0
        ? passed(hosts.join(", "))
        : failed(`ALLOWED_HOSTS lacks ${missing.join(", ")}`, remedyOf(seen));
    },
  },
  {
    id: "origins",
    what: "forms are accepted from its own pages only",
    how: "CSRF_TRUSTED_ORIGINS: the public address is in it, no wildcard is",
    check(seen) {
      if (seen.config === undefined) return filesNotRead;
      const origins = serverVariable(seen, "CSRF_TRUSTED_ORIGINS").split(",").filter(Boolean);
      const url = seen.workspace.declaration.server.url ?? "";
      const good = origins.includes(url) && !origins.some((origin) => origin.includes("*"));
      return good
        ? passed(origins.join(", "))
        : failed(`CSRF_TRUSTED_ORIGINS is ${origins.join(", ") || "not set"}`, remedyOf(seen));
    },
  },
  {
    id: "debug",
    what: "no pages for developers, no interface for tests",
    how: "DEBUG and ENABLE_TEST_API in the container",
    check(seen) {
      if (seen.config === undefined) return filesNotRead;
      const on = ["DEBUG", "ENABLE_TEST_API"].filter((name) =>
        /^(true|on|ok|y|yes|1)$/i.test(serverVariable(seen, name)),
      );
      return on.length === 0 ? passed("both off") : failed(`${on.join(", ")} is on`, OVERRIDE);
    },
  },
];

function mustBe(seen: ProductionFacts, name: string, wanted: RegExp, good: string, remedy: string) {
  if (seen.config === undefined) return filesNotRead;
  const value = serverVariable(seen, name);
  return wanted.test(value)
    ? passed(good)
    : failed(`${name} is ${value || "not set"}`, `${remedy} in glitchtip.yaml, ${THEN}`);
}
