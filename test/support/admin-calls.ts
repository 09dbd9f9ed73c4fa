import type { Emulator } from "../../src/emulator/index.ts";

/** The label of the token that these calls use; what is counted leaves it out. */
export const TEST_LABEL = "the test's";

/** Somebody else's hand on the server, with every right: the answer's JSON, or an error for what is no success. */
export async function asAdmin<T = unknown>(
  emulator: Emulator,
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await fetch(`${emulator.url}/api/0/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${emulator.mintToken(undefined, TEST_LABEL)}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}
