import { join } from "node:path";
import published from "@sentry/node/package.json" with { type: "json" };
import { specifySdk } from "../fixtures/sdk-app/specify.ts";

const program = (name: string) => [process.execPath, join(import.meta.dirname, "../fixtures/sdk-node", name)];

specifySdk({
  name: `@sentry/node ${published.version}`,
  platform: "node",
  sdk: { name: "sentry.javascript.node", version: published.version },
  crash: program("crash.mjs"),
  busy: program("busy.mjs"),
  heavyCart: "Error: the cart is heavy",
  keyless: "stays silent",
});
