import { provisionInputSchema } from "../../../src/config/provision-input.ts";
import type { RenderedStack } from "../../../src/stack/model.ts";
import { composeOf, declarationWith, renderedStack } from "../../support/stack.ts";

export const APP = "apps: { api: { project: shop } }";
/** What becomes of a project whose one service, `api`, is this. */
export const render = (service: string, apps = APP) =>
  renderedStack(declarationWith(apps), `services: {api: ${service}}`);
/** What ours adds to it. */
export const overlay = (service: string, apps = APP) => composeOf(render(service, apps)).services.api ?? {};
/** How it is started: by the wrapper, with this behind it. */
export const wrapped = (...start: string[]) => [
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

/** What the provisioner is told of the app. */
export const provisioned = (stack: RenderedStack) => {
  const input = stack.files.find(({ path }) => path === ".glitchtip/provision.json")?.content ?? "";
  return provisionInputSchema.parse(JSON.parse(input)).declaration.apps.api;
};
