// The floor of a plan or an apply: bare node:http with so many requests in flight, and no thought about the answers.
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";

const { url, token, pages, requests, atOnce } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };

const send = (method, path, body) =>
  new Promise((done, failed) => {
    const sent = request(url + path, { method, headers, agent }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () => {
        if (answer.statusCode >= 300) failed(new Error(`${path}: ${answer.statusCode} ${text}`));
        else done({ value: JSON.parse(text), link: answer.headers.link ?? "" });
      });
    });
    sent.on("error", failed);
    sent.end(body);
  });

const start = performance.now();
if (pages !== undefined) {
  for (let cursor = ""; cursor !== undefined; ) {
    const { link } = await send("GET", `${pages}?limit=100${cursor === "" ? "" : `&cursor=${cursor}`}`);
    cursor = /rel="next"; results="true"; cursor="([^"]+)"/.exec(link)?.[1];
  }
}
let next = 0;
const worker = async () => {
  while (next < requests.length) {
    const { method = "GET", path, body } = requests[next++];
    await send(method, path, body);
  }
};
await Promise.all(Array.from({ length: atOnce }, worker));
globalThis.benchPhases = { phaseMs: performance.now() - start };
agent.destroy();
