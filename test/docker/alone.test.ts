import { parse } from "dotenv";
import { expect, it } from "vitest";
import { freePort } from "../support/valkey.ts";
import { describeOnEngine } from "./support/engine.ts";
import { inventory } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const SERVICES = ["", "-queue", "-watch", "-worker"].map((part) => `glitchtip-service${part}`);

/** Puts the reconcile service beside GlitchTip, and restarts each part of it. */
async function withService(stack: Stack): Promise<void> {
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await stack.project.cli(args);
    expect([args.join(" "), code], stdout + stderr).toEqual([args.join(" "), 0]);
    return stdout;
  };
  const compose = async (...args: string[]) => {
    const { code, stderr } = await stack.compose(args);
    expect([args.join(" "), code], stderr).toEqual([args.join(" "), 0]);
  };
  const port = await freePort();
  stack.write(".env", `${stack.read(".env")}GLITCHTIP_SERVICE_PORT=${port}\n`);
  await stack.init("--service");
  await stack.up();
  expect([...(await stack.containers()).keys()]).toEqual(expect.arrayContaining(SERVICES));
  const token = (await cli("serve", "token", "--subject", "ci", "--scope", "plan", "--scope", "apply")).trim();
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, each asserted where it is read
  const ask = async (method: string, path: string, body?: object): Promise<any> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return await answer.json();
  };
  const planned = await until("the plan of the watch", async () => {
    const { servers } = await ask("GET", "servers");
    return servers?.[0]?.status === "unknown" ? undefined : servers;
  });
  expect(planned, await stack.logs(...SERVICES)).toMatchObject([{ status: "in sync", errors: [] }]);

  // What waits in the queue outlives the queue, the API and the worker.
  await compose("stop", "-t", "5", "glitchtip-service-worker");
  const { id } = await ask("POST", "apply", {});
  await compose("kill", "glitchtip-service-queue");
  await stack.up({ args: ["glitchtip-service-queue"] });
  await compose("restart", "glitchtip-service", "glitchtip-service-watch");
  await stack.up();
  expect(await ask("GET", `runs/${id}?timeout=60`), await stack.logs(...SERVICES)).toMatchObject({
    status: "success",
    report: { errors: [] },
  });
  expect(JSON.parse(await cli("status", "--json")).services).toEqual(
    expect.arrayContaining(SERVICES.map((service) => expect.objectContaining({ service }))),
  );
  await cli("doctor");
  expect(await cli("graph")).toContain(`127.0.0.1:8180:8080`);
  await cli("uninstall", "--confirm", stack.name);
  expect((await stack.containers()).size).toBe(0);
}

describeOnEngine("GlitchTip alone", () => {
  it("comes up in a folder with other things, without an app", async () => {
    await using stack = await Stack.in({ "package.json": "{}" });
    await stack.init("--no-apps", "--organization", "Acme");
    await stack.up();
    expect(await inventory(stack)).toMatchObject({ organizations: ["Acme"], projects: [] });
    expect([...(await stack.containers()).keys()].filter((name) => !name.startsWith("glitchtip"))).toEqual([]);
    for (const command of ["status", "doctor", "verify"]) {
      const { code, stdout, stderr } = await stack.project.cli([command]);
      expect([command, code], stdout + stderr).toEqual([command, 0]);
    }
    await withService(stack);
  });

  it("gives a program on this machine its DSN in a dotenv file, and takes it out again", async () => {
    await using stack = await Stack.in({ "package.json": "{}", ".env.local": "PORT=3000" });
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await stack.project.cli(args);
      expect([args.join(" "), code], stdout + stderr).toEqual([args.join(" "), 0]);
      return stdout;
    };
    await stack.init("--no-apps");
    await cli("add", "dev", "--project", "shop", "--host", "--dotenv", ".env.local");
    await stack.up();
    const status = await stack.project.cli(["status"]);
    expect([status.code, status.stdout]).toEqual([1, expect.stringContaining("npx glitchtip-compose up")]);
    expect(stack.read(".env.local")).toBe("PORT=3000");

    expect(await cli("up")).toContain("wrote .env.local");
    const dsn = () => parse(stack.read(".env.local")).SENTRY_DSN ?? "";
    const first = dsn();
    expect(first).toContain(`@127.0.0.1:${stack.project.ports.glitchtip}/`);
    expect(JSON.parse(await cli("verify", "--json")).apps).toMatchObject([
      { app: "dev", ok: true, via: "this machine" },
    ]);
    expect(JSON.parse(await cli("status", "--json")).apps).toMatchObject([{ app: "dev", dotenv: ".env.local" }]);
    await cli("doctor");

    await cli("rotate", "--keep-old");
    expect(dsn()).not.toBe(first);
    await cli("verify");
    const rotated = dsn();
    stack.write(".env.local", "PORT=3000");
    await cli("provision");
    expect(dsn()).toBe(rotated);

    await cli("remove", "dev");
    expect(stack.read(".env.local")).toBe("PORT=3000");
    expect((await stack.init()).stdout).toContain("nothing to change");
  });
});
