import { connect } from "node:net";

const ANSWER_WITHIN_MS = 1_000;
const ASK_AGAIN_AFTER_MS = 1_000;

/** Checks whether Valkey answers, at most once a second. */
export class Valkey {
  readonly #url: string;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #problem: Promise<string | undefined> = Promise.resolve(undefined);

  constructor(url: string) {
    this.#url = url;
  }

  /** Resolves to the reason why Valkey cannot be used; undefined if it answers or is switched off. */
  problem(): Promise<string | undefined> {
    if (this.#url === "") return Promise.resolve(undefined);
    if (performance.now() - this.#askedAtMs > ASK_AGAIN_AFTER_MS) {
      this.#askedAtMs = performance.now();
      this.#problem = ping(this.#url);
    }
    return this.#problem;
  }
}

function ping(text: string): Promise<string | undefined> {
  const url = new URL(text);
  const { hostname, port, username, password } = url;
  const words = [username, password].filter((word) => word !== "").map(decodeURIComponent);
  const commands = words.length > 0 ? [["AUTH", ...words], ["PING"]] : [["PING"]];
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || "6379") });
    const end = (problem: string | undefined) => {
      socket.destroy();
      resolve(problem && `Cannot connect to ${url.protocol}//${hostname}:${port || "6379"}: ${problem}`);
    };
    let answer = "";
    socket.setTimeout(ANSWER_WITHIN_MS, () => end("no answer"));
    socket.on("error", (error) => end(error.message));
    socket.on("connect", () => socket.write(commands.map(encode).join("")));
    socket.on("data", (chunk) => {
      answer += chunk.toString();
      if (answer.startsWith("-") || answer.includes("\r\n-")) end(answer.trim());
      else if (answer.includes("+PONG")) end(undefined);
    });
  });
}

const encode = (words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
