import { createServer } from "node:net";
import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { inventory } from "./support/server.ts";
import { Stack } from "./support/stack.ts";

/** Status, content type with more headers, body; and what the provisioner says of it. */
const ANSWERS = [
  {
    what: "a page of another program",
    answer: "(b'200 OK', b'text/html', b'<!doctype html><title>Another program</title>')",
    message: /error GC1202: .*http:\/\/glitchtip:8000/,
  },
  {
    what: "a redirect to https",
    answer: "(b'301 Moved', b'text/html\\r\\nLocation: https://errors.example.com/api/settings/', b'')",
    message: /error GC1204: .*https:\/\/errors\.example\.com/,
  },
  {
    what: "a failure",
    answer: "(b'500 Internal Server Error', b'text/html', b'<h1>Server Error (500)</h1>')",
    message: /error GC1203: .*was not ready within 3 s; last: .*500/,
  },
];

/** In GlitchTip's place: something that gives every request this answer, and says it is healthy. */
const somethingElse = (answer: string) => `services:
  glitchtip:
    entrypoint: [python, -c]
    stop_grace_period: 1s
    healthcheck: { test: ["CMD", "true"], interval: 1s, start_period: 0s }
    command:
      - |
        import socket
        server = socket.create_server(('', 8000))
        while True:
            client, _ = server.accept()
            client.recv(65536)
            status, kind, body = ${answer}
            client.sendall(b'HTTP/1.1 ' + status + b'\\r\\nContent-Type: ' + kind
              + b'\\r\\nContent-Length: ' + str(len(body)).encode() + b'\\r\\nConnection: close\\r\\n\\r\\n' + body)
            client.close()
  glitchtip-provision: { environment: { GLITCHTIP_READY_WITHIN_SECONDS: "3" } }
`;

describeOnEngine("a clear error, and nothing is lost:", () => {
  it.concurrent("a port that is taken", async () => {
    await using stack = await Stack.sample();
    const { glitchtip: port } = stack.project.ports;
    const server = createServer().listen(port, "127.0.0.1");
    try {
      const { stdout } = await stack.project.cli(["doctor", "--json"]);
      expect(JSON.parse(stdout)).toMatchObject({
        ok: false,
        findings: expect.arrayContaining([
          expect.objectContaining({
            check: "port",
            level: "fail",
            what: `127.0.0.1:${port}, wanted by glitchtip, is taken by a process that is no container`,
            fix: expect.stringContaining("Set GLITCHTIP_PORT in .env to a free one"),
          }),
        ]),
      });
      expect(await stack.project.cli(["up"])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(
          `error GC1603: 127.0.0.1:${port}, wanted by glitchtip, is taken by a process that is no container; nothing was started`,
        ),
      });
      expect(await stack.project.containers()).toEqual([]);
      const { stderr } = await stack.up({ ends: 1 });
      expect(stderr).toMatch(new RegExp(`127.0.0.1:${port}.*(already in use|already allocated)`, "s"));
      // Its applications run: their next version is not kept from them.
      const again = await stack.project.cli(["up"]);
      expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("error GC1603") });
      expect(again.stderr).toContain(`warning: 127.0.0.1:${port}, wanted by glitchtip, is taken`);
    } finally {
      server.close();
    }
    await stack.up();
    expect(await stack.answeringApp()).toMatchObject({ reporting: true });
    expect(await stack.project.cli(["up"])).toMatchObject({ code: 0, stderr: expect.not.stringContaining("warning") });
  });

  it.concurrent("a wrong password of the administrator is tried once, until it changes", async () => {
    await using stack = await Stack.sample();
    await stack.up();
    const password = await stack.secret("admin_password");
    await stack.setSecret("admin_password", "wrong");
    await stack.loseVolume("glitchtip-state", "glitchtip-provision");
    await stack.up({ ends: 1 });
    expect(await stack.logs("glitchtip-provision")).toMatch(/error GC1301: .*admin@example.com was refused/);

    // Five refusals would lock the account.
    for (let i = 0; i < 6; i++) {
      const { code, stderr } = await stack.compose(["run", "--rm", "--no-deps", "-T", "glitchtip-provision"]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/error GC1302: .*was refused before and has not changed/);
    }

    await stack.setSecret("admin_password", password);
    await stack.up();
    expect(await stack.answeringApp()).toMatchObject({ reporting: true });
    expect(await inventory(stack)).toMatchObject({ organizations: ["Acme"], tokens: ["glitchtip-compose"] });
  });

  it.concurrent("something else in GlitchTip's place: a page, a redirect, a failure", async () => {
    await using stack = await Stack.sample();
    await stack.up();
    for (const { what, answer, message } of ANSWERS) {
      stack.override(somethingElse(answer));
      await stack.up({ ends: 1 });
      expect(await stack.logs("glitchtip-provision"), what).toMatch(message);
      expect(await stack.answeringApp()).toMatchObject({ reporting: true });
    }
    stack.override();
    await stack.up();
    expect(await stack.answeringApp()).toMatchObject({ reporting: true });
  });
});
