import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import {
  divideVolumes,
  type MyVolumes,
  planRemoval,
  planStackRemoval,
  removeStack,
  removeStackParts,
} from "../../../src/running/down.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";

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

  it("keeps the data unless told otherwise, and never lets Compose choose the volumes", async () => {
    const asked: boolean[] = [];
    const called: string[] = [];
    const docker = fakeDocker({
      compose: { down: async ({ volumes }) => void asked.push(volumes) },
      cli: async (args) => {
        called.push(args.join(" "));
        return answers();
      },
    });
    await removeStack(docker, { volumes: [] });
    expect(called).toEqual([]);
    await removeStack(docker, { volumes: ["shop_glitchtip-db"] });
    expect(asked).toEqual([false, false]);
    expect(called).toEqual(["volume rm shop_glitchtip-db"]);
  });

  it("takes the user's own volumes only where it is told so, by their names", () => {
    const volumes = [
      { name: "shop_cache", users: true },
      { name: "shop_data", users: true },
      { name: "shop_glitchtip-db", users: false },
    ];
    const removed = (mine?: MyVolumes) =>
      divideVolumes({ project: "shop", volumes }, mine).removed.map(({ name }) => name);
    expect(removed()).toEqual(["shop_glitchtip-db"]);
    expect(removed(true)).toEqual(["shop_cache", "shop_data", "shop_glitchtip-db"]);
    expect(removed(["data"])).toEqual(["shop_data", "shop_glitchtip-db"]);
    expect(removed(["shop_cache"])).toEqual(["shop_cache", "shop_glitchtip-db"]);
    expect(divideVolumes({ project: "shop", volumes }, ["data"]).kept).toEqual([{ name: "shop_cache", users: true }]);
    expect(() => removed(["dat"])).toThrow(expect.objectContaining({ code: "GC1001" }));
  });

  it("counts a volume as ours that the Compose files no longer have, by its name", async () => {
    const volumes = ["other", "shop_data", "shop_glitchtip-db-17"];
    const docker = fakeDocker({ config: CONFIG, engine: { belongings: async () => ({ networks: [], volumes }) } });
    expect((await planRemoval(docker)).volumes).toEqual([
      { name: "other", users: true },
      { name: "shop_data", users: true },
      { name: "shop_glitchtip-db-17", users: false },
    ]);
  });

  it("removes our containers and networks, and of the user's containers those that use them", async () => {
    const called: string[] = [];
    const docker = fakeDocker({
      containers: [
        container("api", { volumes: ["shop_glitchtip-dsn", "shop_data"] }),
        container("db", { volumes: ["shop_data"], networks: ["shop_default"] }),
        container("glitchtip", { networks: ["shop_glitchtip"] }),
        container("web", { networks: ["shop_default", "shop_glitchtip"] }),
      ],
      cli: async (args) => {
        called.push(args.join(" "));
        return answers();
      },
    });
    const plan = { project: "shop", containers: [], networks: ["shop_default", "shop_glitchtip"], volumes: [] };
    const removal = await planStackRemoval(docker, plan, ["shop_glitchtip-dsn"]);
    expect(removal).toEqual({
      containers: ["shop-glitchtip-1"],
      users: ["shop-api-1", "shop-web-1"],
      networks: ["shop_glitchtip"],
      volumes: ["shop_glitchtip-dsn"],
    });
    await removeStackParts(docker, removal, () => {});
    expect(called).toEqual([
      "stop -t 10 shop-glitchtip-1 shop-api-1 shop-web-1",
      "rm --force --volumes shop-glitchtip-1",
      "rm --force shop-api-1 shop-web-1",
      "network rm shop_glitchtip",
      "volume rm shop_glitchtip-dsn",
    ]);
  });

  it("leaves no container and no network of a Compose project that has no Compose file any more", async () => {
    const docker = fakeDocker({
      containers: [
        container("app", { networks: ["shop_default"] }),
        container("glitchtip", { networks: ["shop_glitchtip"] }),
      ],
    });
    const plan = { project: "shop", containers: [], networks: ["shop_default", "shop_glitchtip"], volumes: [] };
    expect(await planStackRemoval(docker, plan, [], false)).toEqual({
      containers: ["shop-glitchtip-1"],
      users: ["shop-app-1"],
      networks: ["shop_default", "shop_glitchtip"],
      volumes: [],
    });
    const told = fakeDocker({
      containers: [container("other", { networks: ["shop_default"], configFiles: ["/shop/other.yaml"] })],
    });
    expect(await planStackRemoval(told, plan, [], false)).toMatchObject({ users: [], networks: ["shop_glitchtip"] });
  });

  it("reports where it looked when no engine answers", async () => {
    const none = new CodedError("GC1601", "no Docker engine answers");
    const docker = fakeDocker({ located: () => Promise.reject(none) });
    await expect(removeStack(docker, { volumes: [] })).rejects.toBe(none);
  });
});
