import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { addressAsker } from "../../../src/checks/audience-addresses.ts";
import { declare } from "../../support/provisioning.ts";

const ask = addressAsker({ env: {}, signal: new AbortController().signal }, declare());

async function serving(status: number, body: string) {
  const type = body.startsWith("{") ? "application/json" : "text/html";
  const server = createServer((_, answer) => answer.writeHead(status, { "content-type": type }).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

it.each([
  [200, "<html>another program</html>", /JSON/i],
  [502, "bad gateway", /502/],
  [400, "Bad Request (400)", /400/],
])("an address that answers %i with something else is no GlitchTip", async (status, body, problem) => {
  await using server = await serving(status, body);
  expect(await ask(server.url)).toMatch(problem);
});

it("an address answers where it has GlitchTip's settings, also with a path", async () => {
  await using server = await serving(200, JSON.stringify({ version: "6.2.6", socialApps: [], billingEnabled: false }));
  expect(await ask(`${server.url}/errors/`)).toBeUndefined();
});

it("an address where nobody listens is told with the reason", async () => {
  const { url, [Symbol.asyncDispose]: close } = await serving(200, "");
  await close();
  expect(await ask(url)).toBe("nothing answers at this address");
});
