import { describe, expect, it } from "vitest";
import type { ImageStart } from "../../../src/docker/index.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import type { WorkspaceDocker } from "../../../src/workspace/docker.ts";
import { changedStarts, changedStartText, followImages, imageStartNotes } from "../../../src/workspace/image-starts.ts";
import { readWorkspace } from "../../../src/workspace/workspace.ts";
import { fakeDocker } from "../../support/fake-docker.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const COMPOSE = "services:\n  web: {build: .}\n  api: {image: shop/api, entrypoint: [node], command: [a.js]}\n";
const V1: ImageStart = { entrypoint: [], command: ["node", "v1.js"] };
const V2: ImageStart = { entrypoint: [], command: ["node", "v2.js"] };

/** A workspace whose files restate that the image of `web` starts v1. */
async function initiated(compose = COMPOSE) {
  const folder = new TemporaryFolder();
  folder.write("compose.yaml", compose);
  folder.write(".env", "COMPOSE_PROJECT_NAME=shop\n");
  const images = new Map<string, ImageStart>([["shop-web", V1]]);
  const said: string[] = [];
  const image = async (reference: string) => images.get(reference);
  const docker: WorkspaceDocker = {
    config: async () => undefined,
    image,
    async obtain(how, _, services) {
      said.push(`${how} ${services.join(" ")}`);
      images.set("shop/web:2", V2);
    },
  };
  const log = { info: (text: string) => void said.push(text), step() {}, debug() {}, warn() {} };
  const context = { dir: folder.path, log, env: {}, assets: testAssets(), docker };
  await initWorkspace(context, { apps: { web: "shop", api: "shop" } });
  const notes = said.splice(0);
  const ofEngine = fakeDocker({ engine: { imageStart: image } });
  return {
    folder,
    images,
    said,
    notes,
    changed: () => changedStarts(ofEngine, readWorkspace(folder.path)),
    follow: () => followImages(context, ofEngine, readWorkspace(folder.path)),
    command: () => /command: .*(v\d\.js)/.exec(folder.read("compose.override.yaml"))?.[1],
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

describe("an app whose start comes from its image", () => {
  it("is named by init, with the way out", async () => {
    using shop = await initiated();
    expect(shop.notes).toEqual([
      expect.stringMatching(
        /^note: web: its entrypoint and command come from shop-web, .*\. Nothing needs to be done now\. After an update of the image, .*npx glitchtip-compose up.*in your Compose file/,
      ),
    ]);
    expect(imageStartNotes(readWorkspace(shop.folder.path))).toEqual(shop.notes);
  });

  it("is not changed while the image says the same", async () => {
    using shop = await initiated();
    expect(await shop.changed()).toEqual([]);
    await shop.follow();
    expect(shop.said).toEqual([]);
  });

  it("is found when the image's command has changed, and up takes it over", async () => {
    using shop = await initiated();
    shop.images.set("shop-web", V2);
    const changed = await shop.changed();
    expect(changed).toEqual([{ service: "web", image: "shop-web", now: V2 }]);
    expect(changed.map(changedStartText)).toEqual([
      'web would start with the old entrypoint and command of its image: those of shop-web are ["node","v2.js"] now',
    ]);
    const workspace = await shop.follow();
    expect([shop.command(), workspace.images.known.web?.command]).toEqual(["v2.js", V2.command]);
    expect(await shop.changed()).toEqual([]);
  });

  it("is found when the service names another image, which is obtained first", async () => {
    using shop = await initiated();
    shop.folder.write("compose.yaml", COMPOSE.replace("{build: .}", '{image: "shop/web:2"}'));
    expect(await shop.changed()).toEqual([{ service: "web", image: "shop/web:2" }]);
    await shop.follow();
    expect(shop.command()).toBe("v2.js");
    expect(shop.said).toContain("pull web");
  });

  it("is not concerned once the Compose file states the command", async () => {
    using shop = await initiated();
    const stated = COMPOSE.replace("{build: .}", "{build: ., entrypoint: [node], command: [own.js]}");
    shop.folder.write("compose.yaml", stated);
    shop.images.set("shop-web", V2);
    expect(await shop.changed()).toEqual([]);
  });

  it.each([
    ["a command and an entrypoint", COMPOSE.replace("{build: .}", "{build: ., entrypoint: [node], command: [own.js]}")],
    ["another entrypoint", COMPOSE.replace("entrypoint: [node]", "entrypoint: [deno, run]")],
    ["an entrypoint as a text", COMPOSE.replace("entrypoint: [node]", "entrypoint: node --inspect")],
  ])("is followed by up where the Compose file states %s since", async (_, compose) => {
    using shop = await initiated();
    shop.folder.write("compose.yaml", compose);
    await shop.follow();
    expect(shop.said.join()).toContain(
      "would start with an entrypoint or a command that your Compose file no longer states; updating the managed files",
    );
    const [after, said] = [shop.folder.files(), shop.said.length];
    await shop.follow();
    expect([shop.folder.files(), shop.said.length]).toEqual([after, said]);
  });

  it("leaves a file that was edited by hand as it is", async () => {
    using shop = await initiated();
    const edited = shop.folder.read("compose.override.yaml").replace("v1.js", "by-hand.js");
    shop.folder.write("compose.override.yaml", edited);
    await shop.follow();
    expect([shop.said, shop.folder.read("compose.override.yaml")]).toEqual([[], edited]);
  });

  it("is not compared with an image that is not there", async () => {
    using shop = await initiated();
    shop.images.clear();
    expect(await shop.changed()).toEqual([]);
  });
});
