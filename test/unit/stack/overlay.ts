import { provisionInputSchema } from "../../../src/config/provision-input.ts";
import type { RenderedStack } from "../../../src/stack/model.ts";
import { composeOf, declarationWith, renderedStack } from "../../support/stack.ts";

export const APP = "apps: { api: { project: shop } }";
/** Renders the stack for a Compose file with this one service, `api`. */
export const render = (service: string, apps = APP) =>
  renderedStack(declarationWith(apps), `services: {api: ${service}}`);
/** Returns what the stack adds to the service. */
export const overlay = (service: string, apps = APP) => composeOf(render(service, apps)).services.api ?? {};
/** Returns the words of the wrapper and of the start behind it. */
export const wrapped = (...start: string[]) => [
  "/bin/sh",
  "/glitchtip-with-dsn",
  "--wait",
  "5",
  "--on-failure",
  "block",
  "--variables",
  "SENTRY_DSN",
  "api",
  "--",
  ...start,
];

/** Returns the app as the provisioner reads it. */
export const provisioned = (stack: RenderedStack) => {
  const input = stack.files.find(({ path }) => path === ".glitchtip/provision.json")?.content ?? "";
  return provisionInputSchema.parse(JSON.parse(input)).declaration.apps.api;
};
