import type { Stack } from "./stack.ts";
import { until } from "./until.ts";

/** A real HTTP receiver as a service in a stack's network: answers as Feishu does, and prints what is posted to its log. */
export const RECEIVER = `
services:
  receiver:
    image: node:24-slim
    init: true
    entrypoint: [node, -e]
    command:
      - |
        require("node:http").createServer((request, response) => {
          let text = ""
          request.on("data", (chunk) => { text += chunk })
          request.on("end", () => {
            console.log(JSON.stringify({ path: request.url, body: JSON.parse(text) }))
            response.end('{"code":0}')
          })
        }).listen(8080)
    networks: [glitchtip]
`;

/** Starts a stack with this `care` and two channels to the receiver, one of them a card's. */
export async function startCaredFor(stack: Stack, care: string): Promise<void> {
  stack.write("hook", "http://receiver:8080/hook");
  stack.write("card", "http://receiver:8080/card\n");
  stack.write("glitchtip.yaml", `${stack.read("glitchtip.yaml")}\ncare: ${care}\n${NOTIFY}`);
  stack.override(RECEIVER);
  await stack.init();
  await stack.up();
}

const NOTIFY = `notify:
  - { type: json, url: "file:./hook" }
  - { type: feishu, url: "file:./card", name: card, events: [restart-done, restart-failed] }
`;

export async function receivedBy(stack: Stack): Promise<readonly { readonly path: string; readonly body: unknown }[]> {
  return (await stack.logs("receiver"))
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

interface Told {
  readonly event: string;
  readonly state: string;
  readonly title: string;
  readonly instance: string;
  readonly about: string;
  readonly lines: readonly string[];
}

/** What was posted to /hook, as type `json` does it. */
const told = async (stack: Stack) =>
  (await receivedBy(stack)).filter(({ path }) => path === "/hook").map(({ body }) => body as Told);

/** The first of this kind, as soon as it was posted. */
export const toldOf = (stack: Stack, event: string, state: string, about?: string): Promise<Told> =>
  until(
    `${event} ${state} is told`,
    async () =>
      (await told(stack)).find(
        (one) => one.event === event && one.state === state && (about === undefined || one.about === about),
      ),
    120_000,
  );
