import { existsSync, readdirSync, readFileSync } from "node:fs";
import { GENERATIONS, type Generation } from "../../../src/glitchtip/versions.ts";

/** A wrong setting. The program ends with one line on stderr, like Django. */
class ImproperlyConfigured extends Error {
  override readonly name = "ImproperlyConfigured";
}

export interface DatabaseSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

export interface Settings {
  readonly generation: Generation;
  readonly port: number;
  readonly database: DatabaseSettings;
  /** Empty without Valkey, on Postgres alone. */
  readonly valkeyUrl: string;
  readonly domain: string;
  readonly allowedHosts: readonly string[];
  /** Undefined where it is not set. */
  readonly trustedOrigins: readonly string[] | undefined;
  readonly basePath: string;
  /** How the web server closes its connections, up to 5.2 after each answer. */
  readonly closes: "openly" | "silently" | undefined;
  /** The number of this image's migrations; undefined outside of an image. */
  readonly schema: number | undefined;
  readonly registration: boolean;
  readonly organizationCreation: boolean;
  readonly skipInit: boolean;
  readonly superuserPassword: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads GlitchTip's settings from the environment, with the real names, defaults and pitfalls. */
export function readSettings(env: Environment): Settings {
  const name = env.STAND_IN_GENERATION ?? "6";
  const generation = GENERATIONS.find((known) => known === name);
  if (generation === undefined) throw new ImproperlyConfigured(`STAND_IN_GENERATION ${name} is unknown`);
  // GlitchTip has a default, but no generated stack may rely on it.
  if (!value(env, "SECRET_KEY")) throw new ImproperlyConfigured("Set the SECRET_KEY environment variable");
  const domain = value(env, "GLITCHTIP_URL") ?? value(env, "GLITCHTIP_DOMAIN") ?? "http://localhost:8000";
  if (!/^https?:\/\//.test(domain)) throw new ImproperlyConfigured("GLITCHTIP_DOMAIN must start with http or https");
  const mail = mailFault(mailUrlOf(env));
  if (mail !== undefined) throw new ImproperlyConfigured(mail);
  const registration = flag(env, "ENABLE_USER_REGISTRATION", true);
  return {
    generation,
    port: Number(env.PORT ?? (generation === "6" ? 8000 : 8080)),
    database: databaseOf(env),
    valkeyUrl: valkeyOf(env, generation),
    domain: domain.replace(/\/$/, ""),
    allowedHosts: listOf(env, "ALLOWED_HOSTS") ?? ["*"],
    trustedOrigins: listOf(env, "CSRF_TRUSTED_ORIGINS"),
    basePath: value(env, "BASE_PATH") ?? "",
    closes: generation === "6" ? undefined : env.UWSGI_ADD_HEADER === "Connection: close" ? "openly" : "silently",
    schema: migrationsIn("apps/projects/migrations"),
    registration,
    organizationCreation: flag(env, "ENABLE_ORGANIZATION_CREATION", false),
    skipInit: flag(env, "SKIP_INIT", false),
    superuserPassword: env.DJANGO_SUPERUSER_PASSWORD ?? "",
  };
}

/** Reads a setting. NAME_FILE overrides NAME and keeps its trailing newline (docs/glitchtip-facts.md, "The image"). */
function value(env: Environment, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  return file ? readFileSync(file, "utf8") : env[name];
}

const listOf = (env: Environment, name: string): string[] | undefined =>
  value(env, name)
    ?.split(",")
    .map((one) => one.trim());

function migrationsIn(folder: string): number | undefined {
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^\d/.test(name)).length : undefined;
}

function flag(env: Environment, name: string, otherwise: boolean): boolean {
  const text = value(env, name);
  return text === undefined ? otherwise : ["true", "on", "ok", "y", "yes", "1"].includes(text.toLowerCase());
}

/** EMAIL_URL_FILE counts only beside a value of EMAIL_URL (docs/glitchtip-facts.md, "The image"). */
const mailUrlOf = (env: Environment): string | undefined => (env.EMAIL_URL ? value(env, "EMAIL_URL") : undefined);

const MAIL_SCHEMES = "smtp smtps smtp+tls smtp+ssl consolemail filemail memorymail locmemmail dummymail".split(" ");

/** Returns the error that django-environ raises for a mail address: it splits it as Python's urlsplit does. */
export function mailFault(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const [, scheme = "", rest = url] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(url.replace(/[\t\r\n]/g, "")) ?? [];
  const authority = rest.startsWith("//") ? (/^[^/?#]*/.exec(rest.slice(2))?.[0] ?? "") : "";
  const user = authority.lastIndexOf("@");
  const place = authority.slice(user + 1);
  const hasBracket = /[[\]]/.test(authority);
  if (hasBracket && !(/^\[[^\]]*\](:.*)?$/.test(place) && !/[[\]]/.test(authority.slice(0, Math.max(0, user))))) {
    return "ValueError: Invalid IPv6 URL";
  }
  const [, port] = /^(?:\[[^\]]*\]|[^:]*):?(.*)$/.exec(place) ?? [];
  if (port && !(/^\d+$/.test(port) && Number(port) < 65536))
    return "ValueError: Port could not be cast to integer value";
  if (!MAIL_SCHEMES.includes(scheme.toLowerCase())) return `Invalid email schema ${scheme}`;
  return undefined;
}

/** DATABASE_HOST and its family override DATABASE_URL; only the URL is unescaped. */
function databaseOf(env: Environment): DatabaseSettings {
  const host = value(env, "DATABASE_HOST");
  if (host) {
    return {
      host,
      port: Number(value(env, "DATABASE_PORT") ?? "5432"),
      database: value(env, "DATABASE_NAME") ?? "postgres",
      user: value(env, "DATABASE_USER") ?? "postgres",
      password: value(env, "DATABASE_PASSWORD") ?? "",
    };
  }
  const text = value(env, "DATABASE_URL") ?? "postgres://postgres:postgres@postgres:5432/postgres";
  const [, user = "", password = "", name = "", port = "5432", database = ""] =
    /^(?:postgres|postgresql|psql):\/\/([^:@/]*):?([^@]*)@([^:/]*):?(\d*)\/([^?]*)/s.exec(text) ?? [];
  return {
    host: name,
    port: Number(port || "5432"),
    database: decodeURIComponent(database),
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
  };
}

/** Returns Valkey's URL. Up to 5.1 Valkey cannot be switched off. */
function valkeyOf(env: Environment, generation: Generation): string {
  const host = value(env, "VALKEY_HOST") ?? value(env, "REDIS_HOST");
  const password = value(env, "VALKEY_PASSWORD") ?? value(env, "REDIS_PASSWORD");
  if (host) return `redis://${password ? `:${password}@` : ""}${host}:${value(env, "VALKEY_PORT") ?? "6379"}/0`;
  const url = value(env, "VALKEY_URL") ?? value(env, "REDIS_URL") ?? "redis://redis:6379/0";
  const needed = generation === "4.1" || generation === "5.1";
  return url === "" && needed ? "redis://redis:6379/0" : url;
}

/** Returns Celery's error for an unescaped password in the broker's URL (docs/glitchtip-facts.md, "Without Valkey"). */
export function brokerFault({ valkeyUrl, database }: Settings): string | undefined {
  if (valkeyUrl !== "" || /^[A-Za-z0-9._~-]*$/.test(database.password)) return undefined;
  return `failed to resolve host '${database.password.split(/[@/]/).at(-1) ?? ""}'`;
}
