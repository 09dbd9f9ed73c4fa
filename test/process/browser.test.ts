import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { SDK_VERSION } from "@sentry/browser";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import type { Generation } from "../../src/emulator/index.ts";
import { findChromium, pageText } from "../support/chromium.ts";
import { startServer } from "../support/emulator.ts";
import { declare, dsnOf, provisionOnce, temporaryFolders } from "../support/provisioning.ts";

const chromium = findChromium();
const reason = "no chromium on this machine (apt-get install chromium)";

if (chromium !== undefined) specify(chromium);
else {
  describe("a page in a browser", () => {
    it("has a browser to run in", ({ skip }) => {
      if (process.env.REQUIRE_BROWSER === "1") throw new Error(reason);
      console.warn(`skipped: ${reason}`);
      skip(reason);
    });
  });
}

function specify(browser: string): void {
  let script = "";
  beforeAll(async () => {
    const entry = join(import.meta.dirname, "../fixtures/sdk-browser/page.mjs");
    const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
    script = outputFiles[0]?.text ?? "";
  });

  describe.each(["5.1", "5.2", "6"] as const)("a page with @sentry/browser, and GlitchTip %s", (generation) => {
    it("reports through the public DSN to another origin", async () => {
      const { requests, event } = await reportFrom(browser, script, generation, {});
      expect(requests).toEqual([["POST", 200]]);
      expect(event).toMatchObject({
        title: "RangeError: the basket is full",
        platform: "javascript",
        sdk: { name: "sentry.javascript.browser", version: SDK_VERSION },
        tags: expect.arrayContaining([{ key: "environment", value: "staging" }]),
      });
    });

    it("cannot report with a header that the server does not allow", async () => {
      const { requests, event } = await reportFrom(browser, script, generation, { "X-Shop": "1" });
      expect([...new Set(requests.map(([method]) => method))]).toEqual(["OPTIONS"]);
      expect(event).toBeUndefined();
    });

    it("reports with a header of its own, after the browser has asked whether it may", async () => {
      const { requests, event } = await reportFrom(browser, script, generation, { "X-Requested-With": "shop" });
      expect(requests).toEqual([
        ["OPTIONS", 200],
        ["POST", 200],
      ]);
      expect(event).toMatchObject({ title: "RangeError: the basket is full" });
    });
  });
}

/** Provisions a project, serves the page with its DSN, and reads back the event of the page's error. */
async function reportFrom(
  browser: string,
  script: string,
  generation: Generation,
  headers: Readonly<Record<string, string>>,
) {
  using folders = temporaryFolders();
  await using emulator = await startServer({ generation });
  const app = { project: "shop-api", variables: { SENTRY_DSN: "container", PUBLIC_SENTRY_DSN: "public" } };
  await provisionOnce(emulator.url, folders, { declaration: declare({ apps: { web: app } }), publicUrl: emulator.url });
  const dsn = dsnOf(folders, "web", "PUBLIC_SENTRY_DSN");
  await using site = await serve(`<!doctype html><title>Shop</title><body></body>
<script>window.shop = ${JSON.stringify({ dsn, headers })}</script><script type="module">${script}</script>`);
  const before = emulator.requests.length;

  const { id } = JSON.parse(await pageText(browser, site.url)) as { id: string };

  const requests = emulator.requests.slice(before).map(({ method, status }) => [method, status] as const);
  const answer = await fetch(`${emulator.url}/api/0/projects/acme/shop-api/events/${id}/`, {
    headers: { authorization: `Bearer ${emulator.mintToken()}` },
  });
  return { requests, event: answer.ok ? await answer.json() : undefined };
}

/** Serves one page from another origin than the server's. */
async function serve(html: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server: Server = createServer((_, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8").end(html);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
