import { request } from "node:http";
import { defined } from "../../src/base/defined.ts";
import { type Known, maskBody, maskCookie, maskPage, maskText } from "./mask.ts";
import { type Answer, type AskedRequest, type Exchange, METHODS, type Scenario, type Step } from "./scenario.ts";

export interface Account {
  readonly email: string;
  readonly password: string;
}

/** The superuser of every scenario that has accounts. */
export const ADMIN: Account = { email: "admin@example.com", password: "Correct-Horse-7" };
const RECORDED_HEADERS = [
  ...["access-control-allow-origin", "allow", "content-type", "link", "location", "retry-after", "set-cookie"],
  ...["x-frame-options", "x-hits", "x-max-hits"],
];
const SCOPES = ["project", "team", "event", "org", "member"].flatMap((of) => [
  `${of}:read`,
  `${of}:write`,
  `${of}:admin`,
]);

/** The server under test, and a function that lets time pass for it. */
export interface Stage {
  readonly url: string;
  pass(ms: number): void | Promise<void>;
}

interface SentRequest {
  readonly method: AskedRequest["method"];
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as a recording shows it. */
  readonly body: unknown;
  /** The body as it was sent. */
  readonly text: string | undefined;
}

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Returns the steps that fill the jar `admin` with a session and the variable `admin` with a token of all scopes. */
export const signInSteps = (account: Account): Step[] => [
  { name: "config", hide: true, jar: "admin", GET: "/_allauth/browser/v1/config" },
  { name: "login", hide: true, jar: "admin", csrf: true, POST: "/_allauth/browser/v1/auth/login", json: account },
  {
    name: "token",
    hide: true,
    jar: "admin",
    csrf: true,
    POST: "/api/0/api-tokens/",
    json: { label: "admin", scopes: [...SCOPES, "project:releases"] },
    save: { admin: "token" },
  },
];

/** Plays a scenario and returns its masked exchanges. If the server has accounts, the scenario starts with a sign-in as `account`. */
export async function play(scenario: Scenario, stage: Stage, account = ADMIN): Promise<Exchange[]> {
  const player = new Player(stage);
  const { accounts, database } = scenario.server;
  const hasAdmin = accounts !== "none" && database !== "empty";
  for (const step of [...(hasAdmin ? signInSteps(account) : []), ...scenario.steps]) await player.step(step);
  return player.exchanges;
}

class Player {
  readonly exchanges: Exchange[] = [];
  readonly #stage: Stage;
  readonly #variables = new Map<string, string>();
  readonly #jars = new Map<string, Map<string, string>>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get #known(): Known {
    return { variables: this.#variables, origin: this.#stage.url, host: new URL(this.#stage.url).host };
  }

  async step(step: Step): Promise<void> {
    for (let i = 1; i <= (step.repeat ?? 1); i++) {
      const { sent, raw } = await this.#ask(step, String(i));
      const body = parseBody(raw);
      for (const [name, path] of Object.entries(step.save ?? {})) this.#save(step, name, path, raw, body);
      if (step.hide) continue;
      this.exchanges.push({
        step: step.name,
        request: this.#maskedRequest(step, sent),
        response: this.#masked(raw, body),
      });
    }
    if (step.pause) await this.#stage.pass(step.pause * 1000);
  }

  /** Sends the step's request, and repeats it while `until` does not hold; returns the last answer. */
  async #ask(step: Step, i: string): Promise<{ sent: SentRequest; raw: RawAnswer }> {
    const deadlineMs = (step.within ?? 0) * 1000;
    for (let waitedMs = 0; ; waitedMs += 500) {
      const sent = this.#requestOf(step, i);
      const raw = await send(this.#stage.url, sent);
      if (step.jar !== undefined) {
        for (const cookie of [raw.headers["set-cookie"] ?? []].flat()) keep(this.#jar(step.jar), cookie);
      }
      const body = parseBody(raw);
      const holds = Object.entries(step.until ?? {}).every(([path, value]) => dig(body, path) === value);
      if (holds || waitedMs >= deadlineMs) return { sent, raw };
      await this.#stage.pass(500);
    }
  }

  #requestOf(step: Step, i: string): SentRequest {
    const fill = (text: string): string =>
      text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => {
        if (name === "i") return i;
        if (name === "host") return this.#known.host;
        return this.#variables.get(name) ?? whole;
      });
    const fillAll = <T>(value: T): T => JSON.parse(fill(JSON.stringify(value)));
    const method = METHODS.find((name) => step[name] !== undefined);
    if (!method) throw new Error(`step "${step.name}" has no request`);
    const headers: Record<string, string> = { ...fillAll(step.headers ?? {}) };
    let body: unknown = step.text;
    let text = step.text;
    if (step.json !== undefined) {
      body = fillAll(step.json);
      text = JSON.stringify(body);
      headers["content-type"] = "application/json";
    }
    if (step.envelope) {
      const lines = step.envelope.map(fillAll);
      body = lines;
      text = lines.map((line) => JSON.stringify(line)).join("\n");
      headers["content-type"] = "application/x-sentry-envelope";
    }
    Object.assign(headers, this.#credentials(step, fill));
    return { method, path: fill(step[method] ?? ""), headers, body, text };
  }

  #credentials(step: Step, fill: (text: string) => string): Record<string, string> {
    const headers: Record<string, string> = {};
    if (step.bearer) headers.authorization = `Bearer ${this.#variables.get(step.bearer)}`;
    if (step["bearer-raw"]) headers.authorization = step["bearer-raw"];
    const jar = step.jar === undefined ? undefined : this.#jar(step.jar);
    if (jar && jar.size > 0) headers.cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    if (step.csrf === true) headers["x-csrftoken"] = jar?.get("csrftoken") ?? "";
    if (typeof step.csrf === "string") headers["x-csrftoken"] = fill(step.csrf);
    return headers;
  }

  #jar(name: string): Map<string, string> {
    const jar = this.#jars.get(name) ?? new Map<string, string>();
    this.#jars.set(name, jar);
    return jar;
  }

  #save(step: Step, name: string, path: string, raw: RawAnswer, body: unknown): void {
    const [kind, from = "", ...pattern] = path.split(":");
    let value: unknown;
    if (kind === "cookie") value = this.#jar(step.jar ?? "").get(from);
    else if (kind === "header") value = new RegExp(pattern.join(":")).exec(String(raw.headers[from]))?.[1];
    else value = dig(body, path);
    if (value !== undefined) this.#variables.set(name, String(value));
  }

  #maskedRequest(step: Step, { method, path, headers, body }: SentRequest): AskedRequest {
    const known = this.#known;
    const shown = Object.entries(headers).map(([name, value]): [string, string] => {
      // Existing recordings show the jar after the answer.
      if (name === "cookie")
        return [name, [...this.#jar(step.jar ?? "").keys()].map((key) => `${key}=<cookie>`).join("; ")];
      if (name === "x-csrftoken" && step.csrf === true) return [name, "<csrftoken of the jar>"];
      return [name, maskText(value, known).trimEnd()];
    });
    return {
      method,
      path: maskText(path, known),
      ...defined({
        headers: shown.length === 0 ? undefined : Object.fromEntries(shown.sort()),
        body: body === undefined ? undefined : maskBody(body, known),
      }),
    };
  }

  #masked(raw: RawAnswer, body: unknown): Answer {
    const known = this.#known;
    const headers: Record<string, string | string[]> = {};
    for (const name of RECORDED_HEADERS) {
      const value = raw.headers[name];
      if (value === undefined) continue;
      headers[name] = Array.isArray(value) ? value.map(maskCookie).sort() : maskText(value, known);
    }
    return {
      status: raw.status,
      headers,
      body: typeof body === "string" ? maskPage(body, known) : maskBody(body, known),
    };
  }
}

function send(base: string, { method, path, headers, text }: SentRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    // Each request has a connection of its own: GlitchTip's uWSGI closes kept-alive ones under bursts.
    const sent = request(new URL(path, base), { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(text ?? "");
  });
}

function parseBody({ headers, text }: RawAnswer): unknown {
  return text !== "" && headers["content-type"]?.includes("json") ? JSON.parse(text) : text;
}

function dig(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], value);
}

function keep(jar: Map<string, string> | undefined, cookie: string): void {
  const [pair = "", ...attributes] = cookie.split(";");
  const [name = "", value = ""] = pair.split("=");
  if (attributes.some((attribute) => attribute.trim() === "Max-Age=0")) jar?.delete(name);
  else jar?.set(name, value);
}
