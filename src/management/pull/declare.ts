import { defined } from "../../base/defined.ts";
import { DEFAULT_TEAM } from "../../config/defaults.ts";
import { slugify } from "../../glitchtip/wire/slugify.ts";
import type {
  ObservedAlert,
  ObservedKey,
  ObservedMember,
  ObservedMonitor,
  ObservedOrganization,
  ObservedProject,
  ObservedRecipient,
} from "../../reconcile/index.ts";
import type { SecretKeeper } from "./keep-secrets.ts";

type Declared = Record<string, unknown>;

/** Returns what the server has as the declaration says it, without defaults. `words` name the place of a secret. */
export function declaredAlert(alert: ObservedAlert, keeper: SecretKeeper, words: readonly string[]): Declared {
  const { name, quantity, timespanMinutes, uptime, recipients } = alert;
  const numbers = uptime && quantity === null && timespanMinutes === null ? {} : { quantity, timespanMinutes };
  return {
    name,
    ...numbers,
    ...(uptime ? { uptime } : {}),
    recipients: recipients.map((one) => declaredRecipient(one, keeper, [...words, name])),
  };
}

export function declaredRecipient(
  { type, url, tagsToAdd, config }: ObservedRecipient,
  keeper: SecretKeeper,
  words: readonly string[],
): Declared {
  const read = (...names: string[]) => names.map((one) => config?.[one]).find((value) => typeof value === "string");
  const apiKey = read("apiKey", "api_key");
  const zulip = {
    botEmail: read("botEmail", "bot_email"),
    apiKey: apiKey === undefined ? undefined : keeper.reference(String(apiKey), [...words, type, "key"]),
    channel: read("channel"),
    topic: read("topic"),
  };
  return defined({
    type,
    url: url === "" ? undefined : keeper.address(type, url, [...words, type]),
    tagsToAdd: tagsToAdd?.length ? [...tagsToAdd] : undefined,
    ...(type === "zulip" ? zulip : {}),
  });
}

export function declaredMonitor(monitor: ObservedMonitor, keeper: SecretKeeper, words: readonly string[]): Declared {
  const { name, type, url, intervalSeconds, timeoutSeconds, expectedStatus, expectedBody } = monitor;
  const { confirmationThreshold = 1 } = monitor;
  const usualStatus = type === "Ping" || type === "GET" || type === "POST" ? 200 : null;
  const usualTimeout = type === "Heartbeat" ? null : 20;
  return {
    name,
    type,
    ...(url === "" ? {} : { url: keeper.address("", url, [...words, "monitor", name]) }),
    intervalSeconds,
    ...(timeoutSeconds === usualTimeout ? {} : { timeoutSeconds }),
    ...(expectedStatus === usualStatus ? {} : { expectedStatus }),
    ...(expectedBody === "" ? {} : { expectedBody }),
    ...(confirmationThreshold === 1 ? {} : { confirmationThreshold }),
  };
}

export const declaredKey = ({ label, rateLimit }: ObservedKey): Declared => ({
  label,
  ...(rateLimit === null ? {} : { rateLimit: { ...rateLimit } }),
});

export const declaredMember = ({ email, role, teams }: ObservedMember): Declared => ({
  email,
  role,
  ...(teams?.length ? { teams: [...teams] } : {}),
});

/** Returns the value below the project's key. */
export function declaredProject(key: string, project: ObservedProject, all: readonly ObservedProject[]): Declared {
  const { slug, name, teams, platform, throttle } = project;
  const unique = all.filter((one) => one.name === name).length === 1;
  const [team] = teams;
  return defined({
    name: name === key ? undefined : name,
    slug: slugify(name) === slug && unique ? undefined : slug,
    team: team === DEFAULT_TEAM ? undefined : team,
    platform: platform || undefined,
    throttle: throttle || undefined,
  });
}

export function declaredOrganization(
  { name, slug }: ObservedOrganization,
  all: readonly ObservedOrganization[],
): Declared {
  const unique = all.filter((one) => one.name === name).length === 1;
  return slugify(name) === slug && unique ? { projects: {} } : { slug, projects: {} };
}
