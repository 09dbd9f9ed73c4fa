import { describe, expect, it } from "vitest";
import { madeAdminPassword, openStackSecrets } from "../../../src/running/index.ts";
import { listSecrets } from "../../../src/secrets/index.ts";
import { container, type FakeDockerOptions, fakeDocker } from "../../support/fake-docker.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const PATH = "/run/secrets/glitchtip_admin_password/value";
const CONFIG = {
  services: { "glitchtip-setup": { image: "node:24" } },
  volumes: { "glitchtip-admin-password": { name: "shop_glitchtip-admin-password" } },
};

/** Every call that makes something fails the test. */
const docker = (options: FakeDockerOptions) => fakeDocker({ config: CONFIG, ...options });
const stored = { [`id-reader:${PATH}`]: "correct horse" };

describe("reading the secrets that a stack made", () => {
  it("makes nothing where neither volumes nor containers are there", async () => {
    using folder = new TemporaryFolder();
    const gone = docker({});
    expect(await refusal(madeAdminPassword(gone))).toMatchObject({ code: "GC1107" });
    const states = (await listSecrets(folder.path, openStackSecrets(gone))).map(({ state }) => state);
    expect(states).toEqual(["not there", "not there", "not there"]);
  });

  it("reads a volume without a container by one that does not stay", async () => {
    const looks: object[] = [];
    const downed = docker({
      files: stored,
      engine: {
        hasVolume: async (name) => name === "shop_glitchtip-admin-password",
        async withVolumes(image, volumes, look) {
          looks.push({ image, volumes });
          return await look("id-reader");
        },
      },
    });
    expect((await madeAdminPassword(downed)).reveal()).toBe("correct horse");
    expect(looks).toEqual([
      { image: "node:24", volumes: { "/run/secrets/glitchtip_admin_password": "shop_glitchtip-admin-password" } },
    ]);
  });

  it("takes another container that has the volume", async () => {
    const mounts = [{ path: "/run/secrets/glitchtip_admin_password", volume: "shop_glitchtip-admin-password" }];
    const reader = container("glitchtip", { id: "id-reader", state: "exited", mounts });
    expect((await madeAdminPassword(docker({ files: stored, containers: [reader] }))).reveal()).toBe("correct horse");
  });

  it("says which image is missing to read them", async () => {
    const engine = { hasVolume: async () => true, imageStart: async () => undefined };
    const error = await refusal(madeAdminPassword(docker({ engine })));
    expect([error.code, error.message]).toEqual(["GC1605", expect.stringContaining("node:24")]);
  });
});
