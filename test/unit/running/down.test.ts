import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { planRemoval, removeStack } from "../../../src/running/down.ts";
import { container, fakeDocker } from "../../support/fake-docker.ts";

const CONFIG = {
  name: "shop",
  services: {},
  volumes: { "glitchtip-db": { name: "shop_glitchtip-db" }, data: { name: "shop_data" } },
};

describe("down", () => {
  it("lists what is there, one-off containers too, and tells the user's own data from GlitchTip's", async () => {
    const docker = fakeDocker({
      config: CONFIG,
      containers: [container("web"), container("api", { oneOff: true })],
      engine: {
        belongings: async () => ({ networks: ["shop_default"], volumes: ["shop_data", "shop_glitchtip-db"] }),
      },
    });
    expect(await planRemoval(docker)).toEqual({
      project: "shop",
      containers: ["shop-api-1", "shop-web-1"],
      networks: ["shop_default"],
      volumes: [
        { name: "shop_data", users: true },
        { name: "shop_glitchtip-db", users: false },
      ],
    });
  });

  it("keeps the data unless told otherwise", async () => {
    const asked: boolean[] = [];
    const docker = fakeDocker({ compose: { down: async ({ volumes }) => void asked.push(volumes) } });
    await removeStack(docker, { volumes: false });
    await removeStack(docker, { volumes: true });
    expect(asked).toEqual([false, true]);
  });

  it("reports where it looked when no engine answers", async () => {
    const none = new CodedError("GC1601", "no Docker engine answers");
    const docker = fakeDocker({ located: () => Promise.reject(none) });
    await expect(removeStack(docker, { volumes: true })).rejects.toBe(none);
  });
});
