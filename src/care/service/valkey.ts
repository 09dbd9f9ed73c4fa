import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { type JobQueue, VALKEY_LISTS } from "../../glitchtip/versions.ts";

const WITHIN_MS = 5_000;

/** Sends PING and, where Valkey is the broker, counts the waiting jobs. These few commands need no client library. */
export function askValkey(address: string, queue: JobQueue | undefined): Promise<{ readonly waiting?: number }> {
  const url = new URL(address);
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const isSocket = url.protocol === "unix:";
  const database = isSocket ? "" : url.pathname.slice(1);
  const lists = queue === undefined ? [] : VALKEY_LISTS[queue];
  const commands = [
    ...(password === "" ? [] : [["AUTH", ...(user === "" ? [] : [user]), password]]),
    ...(database === "" ? [] : [["SELECT", database]]),
    ["PING"],
    ...lists.map((key) => ["LLEN", key]),
  ];
  return new Promise((resolve, reject) => {
    const place = isSocket ? { path: url.pathname } : { host: url.hostname, port: Number(url.port || 6_379) };
    const where = { ...place, timeout: WITHIN_MS };
    const socket = url.protocol === "rediss:" ? connectTls({ ...where, servername: url.hostname }) : connect(where);
    let text = "";
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(why));
    };
    socket.once("timeout", () => fail(`no answer within ${WITHIN_MS / 1_000} s`));
    socket.once("error", (error) => fail(error.message));
    socket.once("close", () => fail("it closed the connection"));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      const lines = text.split("\r\n").slice(0, -1);
      const error = lines.find((line) => line.startsWith("-"));
      if (error !== undefined) return fail(error.slice(1));
      if (lines.length < commands.length) return;
      socket.destroy();
      const lengths = lists.map((_, i) => Number(lines[commands.length - lists.length + i]?.slice(1)));
      resolve(queue === undefined ? {} : { waiting: lengths.reduce((sum, length) => sum + length, 0) });
    });
    socket.write(commands.map(encoded).join(""));
  });
}

const encoded = (words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
