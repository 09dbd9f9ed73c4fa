// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { describe, expect, it } from "vitest";
import { refusalOf } from "../../support/refusal.ts";
import { APP, overlay, render, wrapped } from "./overlay.ts";

describe("an app's entrypoint", () => {
  it("is put behind the wrapper, and the command stays in the user's file", () => {
    expect(overlay("{entrypoint: [docker-entrypoint.sh], command: [node, a.js]}")).toEqual({
      entrypoint: wrapped("docker-entrypoint.sh"),
      depends_on: { "glitchtip-provision": { condition: "service_completed_successfully", required: false } },
      networks: ["default", "glitchtip-apps"],
      volumes: ["glitchtip-dsn-api:/run/glitchtip:ro", "./.glitchtip/with-dsn:/glitchtip-with-dsn:ro"],
      labels: { "glitchtip-compose.dsn": "shop at http://glitchtip:8000" },
    });
  });

  it("comes with a label that recreates the container for another DSN", () => {
    const label = (app: string) => overlay("{entrypoint: [x], command: [y]}", `apps: {api: ${app}}`).labels;
    expect([label("{project: shop, audience: host}"), label("{project: shop, audience: public}")]).toEqual([
      { "glitchtip-compose.dsn": "shop at http://127.0.0.1:${GLITCHTIP_PORT:-8000}" },
      { "glitchtip-compose.dsn": "shop at http://localhost:${GLITCHTIP_PORT:-8000}" },
    ]);
  });

  it("may be a text", () => {
    expect(overlay(`{entrypoint: "sh -c 'exec node a.js'"}`).entrypoint).toEqual(wrapped("sh", "-c", "exec node a.js"));
  });

  it("keeps Compose's variables for Compose", () => {
    expect(overlay("{entrypoint: [run, '--port=${PORT}', '$$HOME']}").entrypoint).toEqual(
      wrapped("run", "--port=${PORT}", "$$HOME"),
    );
  });

  it.each(["run $PORT", "a | b"])("is left to Compose where only Compose can split it: %s", (entrypoint) => {
    expect(overlay(`{entrypoint: ${JSON.stringify(entrypoint)}}`).entrypoint).toBe(
      `/bin/sh /glitchtip-with-dsn --wait 5 --on-failure block --variables SENTRY_DSN api -- ${entrypoint}`,
    );
  });

  it("may be empty, and then leaves the stated command alone", () => {
    expect(overlay("{entrypoint: [], command: [node, a.js]}")).toMatchObject({ entrypoint: wrapped() });
  });

  it("comes from the declaration where only the command is stated", () => {
    const service = overlay("{command: [node, a.js]}", "apps: {api: {project: shop, entrypoint: [tini, --]}}");
    expect(service.entrypoint).toEqual(wrapped("tini", "--"));
    expect(service).not.toHaveProperty("command");
  });

  it("keeps a dollar of the image, which begins no variable of Compose", () => {
    const apps = `apps: {api: {project: shop, entrypoint: [sh, -c, 'echo "$HOME"'], command: ['$A']}}`;
    expect(overlay("{image: x}", apps)).toMatchObject({
      entrypoint: wrapped("sh", "-c", 'echo "$$HOME"'),
      command: ["$$A"],
    });
  });

  it("comes from the declaration with the command where nothing is stated", () => {
    const apps = "apps: {api: {project: shop, entrypoint: [], command: [node, a.js]}}";
    expect(overlay("{image: x}", apps)).toMatchObject({ entrypoint: wrapped(), command: ["node", "a.js"] });
  });

  it.each([
    [
      "{image: x}",
      APP,
      /: its entrypoint and command come from x; add to glitchtip.yaml, under apps.api, .*: entrypoint: \["docker-entrypoint.sh"\], command: /,
    ],
    ["{command: x}", APP, /: its entrypoint comes from its image; /],
    ["{entrypoint: []}", APP, /: its command comes /],
    ["{image: x}", "apps: {api: {project: shop, entrypoint: [a]}}", /: its command comes /],
    [
      `{image: "\${X:?}", command: x}`,
      APP,
      /its entrypoint comes from its image, whose name is empty: its variable has no value; add/,
    ],
    ["{entrypoint: 'sh -c \"exit'}", APP, /sh -c "exit has a quote that is not closed/],
  ])("is an error that says what to type where it is not known: %s", (service, apps, message) => {
    const error = refusalOf(() => render(service, apps));
    expect([error.code, `${error.message}; ${error.remedy}`]).toEqual(["GC1106", expect.stringMatching(message)]);
  });
});
