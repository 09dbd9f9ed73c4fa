import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { initWorkspace } from "../../../src/init/init.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

describe("init for production beside an nginx or a Caddy in the Compose file", () => {
  const beside = (front: string) => `services:
  front: { image: shop/front, ${front} }
  app: { image: shop/app, entrypoint: [app], networks: [edge] }
networks: { edge: , back: }
`;
  const rendered = async (front: string, proxy: string) => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", beside(front));
    const notes: string[] = [];
    const log = { info: (text: string) => notes.push(text), step() {}, debug() {}, warn() {} };
    await initWorkspace(
      { dir: folder.path, log, env: {}, assets: testAssets() },
      { apps: { app: "shop" }, domain: "errors.example.com", proxy },
    );
    const { services, networks } = parse(folder.read("compose.override.yaml"), { merge: true });
    const files = folder.files();
    return { web: services.glitchtip, networks, notes, nginx: files[".glitchtip/proxy/nginx.conf"] ?? "", files };
  };

  it.each([
    ["its first network", 'ports: ["80:80", "443:443"], networks: [edge, back]', "edge"],
    ["the network that Compose makes", 'ports: ["443:443"]', "default"],
    ["the network of one that publishes port 80 alone", 'ports: ["80:8080"], networks: { back: }', "back"],
  ])("joins %s, and the files name GlitchTip's container", async (_, front, network) => {
    const { web, networks, notes, nginx, files } = await rendered(front, "none");
    expect(web.networks).toEqual(["glitchtip", "glitchtip-db", network, "glitchtip-apps"]);
    expect(Object.keys(networks)).not.toContain(network);
    expect(nginx).toContain("set $glitchtip http://glitchtip:8000;");
    expect(nginx.match(/proxy_pass (.*);/g)).toEqual(Array(3).fill("proxy_pass $glitchtip;"));
    expect(files[".glitchtip/proxy/site.caddy"]).toContain("\treverse_proxy glitchtip:8000\n");
    expect(notes).toContainEqual(expect.stringContaining("or site.caddy into front"));
  });

  it.each([
    ["no service publishes its ports", 'ports: ["8080:80"], networks: [edge]'],
    ["the service is in the host's network", "network_mode: host"],
  ])("names the port on the host where %s", async (_, front) => {
    const { web, notes, nginx } = await rendered(front, "nginx");
    expect(web.networks).toEqual(["glitchtip", "glitchtip-db", "glitchtip-apps"]);
    expect(nginx).toContain("proxy_pass http://127.0.0.1:8000;");
    expect(notes).toContainEqual(expect.stringContaining("include .glitchtip/proxy/nginx.conf in"));
  });
});
