import { defined } from "../../src/base/defined.ts";
import type { Emulator } from "../../src/emulator/index.ts";

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Returns a function that sends requests to an emulator as its superuser, with a token of all scopes. */
export function asking(emulator: Emulator) {
  const authorization = `Bearer ${emulator.mintToken()}`;
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = { authorization },
  ): Promise<Answered> => {
    const response = await fetch(emulator.url + path, {
      method,
      redirect: "manual",
      headers: { "content-type": "application/json", ...headers },
      ...defined({ body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true && text !== "";
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
}

export type Ask = ReturnType<typeof asking>;

/** Creates the organization acme, the team backend and the project shop; resolves to the project's key. */
export async function makeShop(ask: Ask): Promise<string> {
  await ask("POST", "/api/0/organizations/", { name: "Acme" });
  await ask("POST", "/api/0/organizations/acme/teams/", { slug: "backend" });
  await ask("POST", "/api/0/teams/acme/backend/projects/", { name: "Shop" });
  const { body } = await ask("GET", "/api/0/projects/acme/shop/keys/");
  return (body as { public: string }[])[0]?.public ?? "";
}

export const EVENT_ID = "11111111111141118111111111111111";

/** Sends one event like an application. */
export function sendEvent(ask: Ask, key: string, message: string, eventId = EVENT_ID): Promise<Answered> {
  const lines = [{ event_id: eventId }, { type: "event" }, { event_id: eventId, level: "error", message }];
  const envelope = lines.map((line) => JSON.stringify(line)).join("\n");
  return ask("POST", `/api/1/envelope/?sentry_key=${key}`, envelope, {
    "content-type": "application/x-sentry-envelope",
  });
}
