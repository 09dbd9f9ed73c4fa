/** What reads an address, which decides how it has to be written. */
export type AddressReader = "mail" | "database" | "valkey" | "notify";

/** What is wrong with an address, and what to write instead. Neither quotes more of it than one character. */
export interface AddressProblem {
  readonly what: string;
  readonly remedy: string;
}

interface Rules {
  readonly schemes: readonly string[];
  /** What somebody who wrote another scheme most likely meant. */
  readonly instead: Readonly<Record<string, string>>;
  readonly example: string;
  /** Schemes that name no host. */
  readonly hostless?: readonly string[];
  /** Whether every % has to begin a code, because a program of ours decodes the address. */
  readonly decodes: boolean;
}

/**
 * GlitchTip reads the first three with django-environ, which raises when the settings are loaded, so that no process starts
 * (docs/glitchtip-facts.md, "The image"). The care service reads database and Valkey as URLs, too.
 */
const RULES: Readonly<Record<Exclude<AddressReader, "notify">, Rules>> = {
  mail: {
    schemes: ["smtp", "smtp+tls", "smtp+ssl", "smtps", "consolemail", "filemail", "memorymail", "dummymail"],
    instead: {
      "smtp+starttls": "smtp+tls",
      starttls: "smtp+tls",
      tls: "smtp+tls",
      submission: "smtp+tls",
      submissions: "smtp+ssl",
      ssl: "smtp+ssl",
    },
    example: "smtp+tls://USER:PASSWORD@HOST:587",
    hostless: ["consolemail", "filemail", "memorymail", "dummymail"],
    decodes: false,
  },
  database: {
    schemes: ["postgres", "postgresql"],
    instead: { psql: "postgres", pgsql: "postgres", pg: "postgres", "postgresql+psycopg": "postgres" },
    example: "postgres://USER:PASSWORD@HOST:5432/DATABASE",
    decodes: true,
  },
  valkey: {
    schemes: ["redis", "rediss", "unix"],
    instead: { valkey: "redis", valkeys: "rediss", "redis+ssl": "rediss" },
    example: "redis://:PASSWORD@HOST:6379/0",
    hostless: ["unix"],
    decodes: true,
  },
};

const READER_OF_KEY: Readonly<Record<string, AddressReader>> = {
  "mail.url": "mail",
  "server.database.url": "database",
  "server.valkey.url": "valkey",
};

/** Returns what reads the address at a key of the declaration; undefined for a key whose value is no address. */
export const addressReaderOf = (key: string): AddressReader | undefined =>
  READER_OF_KEY[key] ?? (/^notify\.\d+\.url$/.test(key) ? "notify" : undefined);

/** Returns what its reader cannot take of an address, or undefined for one that it reads as it was meant. */
export function addressProblem(reader: AddressReader, text: string): AddressProblem | undefined {
  if (/[\s\p{Cc}]/u.test(text)) {
    return {
      what: "holds a blank or a newline",
      remedy: "Write the address alone, without a newline at its end; a blank in it is %20.",
    };
  }
  const [quote] = /^["'`]|["'`]$/.exec(text) ?? [];
  if (quote !== undefined) {
    return {
      what: `has the quotation mark ${quote} around it`,
      remedy: "Write the address alone, without quotation marks.",
    };
  }
  return reader === "notify" ? webProblem(text) : problemByRules(RULES[reader], text, reader);
}

function webProblem(text: string): AddressProblem | undefined {
  if (/^https?:\/\/[^/]/i.test(text) && URL.canParse(text)) return undefined;
  return {
    what: "is no http:// or https:// address",
    remedy: "Write the whole address, such as https://hooks.example.com/…",
  };
}

function problemByRules(rules: Rules, text: string, reader: AddressReader): AddressProblem | undefined {
  const [whole, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  const write = `Write it as ${rules.example}`;
  if (whole === undefined || scheme === undefined) return { what: "has no scheme in front", remedy: `${write}.` };
  const name = scheme.toLowerCase();
  if (!rules.schemes.includes(name)) return schemeProblem(rules, name, reader);
  const rest = text.slice(whole.length);
  const sign = misreadSign(rest, rules);
  if (sign !== undefined) {
    return {
      what: `has the character ${sign} where it is read as something else`,
      remedy: `Write ${encodeURIComponent(sign)} for ${sign} in the user's name or the password.`,
    };
  }
  if (rules.hostless?.includes(name)) return undefined;
  const [authority = ""] = rest.split(/[/?]/, 1);
  const place = placeProblem(authority.slice(authority.lastIndexOf("@") + 1));
  if (place !== undefined) return { what: place, remedy: `${write}.` };
  return pathProblem(reader, /^[^/?]*\/?([^?]*)/.exec(rest)?.[1] ?? "", write);
}

function schemeProblem({ schemes, instead, example }: Rules, name: string, reader: AddressReader): AddressProblem {
  const meant = instead[name];
  // What stands in front may be a part of a secret, so only a word is shown.
  const what = /^[a-z][a-z+-]{1,19}$/.test(name) ? `has the unknown scheme ${name}://` : "has an unknown scheme";
  const needs = reader === "database" && meant === undefined ? "GlitchTip needs Postgres. " : "";
  const all = schemes.map((scheme) => `${scheme}://`).join(", ");
  const write = meant === undefined ? `Write ${example}; schemes are ${all}.` : `Write ${meant}:// instead of it.`;
  return { what, remedy: `${needs}${write}` };
}

/** Returns the first character that the reader takes for the end of a part, or for a code, though it was meant as itself. */
function misreadSign(rest: string, { decodes }: Rules): string | undefined {
  if (rest.includes("#")) return "#";
  const end = rest.search(/[/?]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const after = end < 0 ? "" : rest.slice(end);
  const isCut = authority.includes("@") ? after.split("?", 1)[0]?.includes("@") : after.includes("@");
  if (isCut) return after[0];
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf("@")));
  const [bracket] = /[[\]]/.exec(user) ?? [];
  if (bracket !== undefined) return bracket;
  return decodes && /%(?![0-9a-f]{2})/i.test(rest) ? "%" : undefined;
}

/** Checks a host with its port. */
function placeProblem(place: string): string | undefined {
  const [, host = "", port] = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::(.*))?$/i.exec(place) ?? [];
  if (host === "") return /^:?\d*$/.test(place) ? "names no host" : "names no host that can be read";
  if (port === undefined || port === "") return undefined;
  return /^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65536
    ? undefined
    : "has a port that is no number from 1 to 65535";
}

function pathProblem(reader: AddressReader, path: string, write: string): AddressProblem | undefined {
  if (reader === "database" && path === "") return { what: "names no database", remedy: `${write}.` };
  if (reader === "database" && path.includes("/")) {
    return { what: "has the character / in the database's name", remedy: `${write}; a / in its name is %2F.` };
  }
  if (reader === "valkey" && !/^\d*$/.test(path)) {
    return { what: "names a database that is no number", remedy: `${write}.` };
  }
  return undefined;
}

/** The parts of a mail server's address. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Returns the address of a mail server: TLS from the first byte on port 465, by STARTTLS on 587, and none on others. */
export function mailAddress({ host, port, user, password }: MailServer): string {
  const scheme = port === 465 ? "smtp+ssl" : port === 587 ? "smtp+tls" : "smtp";
  const credentials = user === undefined ? "" : `${encodeURIComponent(user)}:${encodeURIComponent(password ?? "")}@`;
  const named = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return `${scheme}://${credentials}${named}:${port}`;
}
