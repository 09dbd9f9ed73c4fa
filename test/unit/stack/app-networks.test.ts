import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meetingNetworks, type NetworkMember } from "../../../src/stack/app-networks.ts";
import { propertyRuns } from "../../support/property-runs.ts";
import { composeOf, declarationWith, renderedStack } from "../../support/stack.ts";

const members = (networks: Readonly<Record<string, readonly string[]>>): NetworkMember[] =>
  Object.entries(networks).map(([name, own]) => ({ name, networks: own }));
const meeting = (networks: Readonly<Record<string, readonly string[]>>) =>
  Object.fromEntries(meetingNetworks(members(networks)));

describe("the network on which an app meets GlitchTip", () => {
  it.each<[string, Record<string, string[]>, Record<string, string>]>([
    ["is one for all apps in `default`", { a: ["default"], b: ["default"] }, { a: "", b: "" }],
    ["is one for a single isolated app", { a: ["inner"] }, { a: "" }],
    ["is another for an app without a common network", { a: ["front"], b: ["back"] }, { a: "", b: "-b" }],
    ["is one for two apps that share one of their networks", { a: ["x", "y"], b: ["y", "z"] }, { a: "", b: "" }],
    [
      "does not join the two ends of a chain",
      { a: ["front"], b: ["front", "back"], c: ["back"] },
      { a: "", b: "", c: "-c" },
    ],
    [
      "does not join three that only share networks in pairs with strangers",
      { a: ["x"], b: ["y"], c: ["x", "y"], d: ["y"] },
      { a: "", b: "-b", c: "", d: "-b" },
    ],
    ["is one for a triangle of pairs", { a: ["x", "y"], b: ["y", "z"], c: ["x", "z"] }, { a: "", b: "", c: "" }],
    ["tells `default` from a named one", { a: ["default"], b: ["own"] }, { a: "", b: "-b" }],
    ["is none where there is no app", {}, {}],
  ])("%s", (_, networks, suffixes) => {
    const expected = Object.entries(suffixes).map(([name, suffix]) => [name, `glitchtip-apps${suffix}`]);
    expect(meeting(networks)).toEqual(Object.fromEntries(expected));
  });

  const layouts = fc
    .array(fc.uniqueArray(fc.constantFrom("default", "x", "y", "z", "w"), { minLength: 1 }), { maxLength: 8 })
    .map((lists) => lists.map((networks, i): NetworkMember => ({ name: `app${i}`, networks })));

  const share = (one: NetworkMember, other: NetworkMember) =>
    one.networks.some((network) => other.networks.includes(network));

  it("is shared by neighbours alone, and stays when an app is added at the end", () => {
    fc.assert(
      fc.property(layouts, (apps) => {
        const found = meetingNetworks(apps);
        const together = apps.flatMap((one) =>
          apps.flatMap((other) => (found.get(one.name) === found.get(other.name) ? [[one, other] as const] : [])),
        );
        expect(together.filter(([one, other]) => !share(one, other))).toEqual([]);
        expect([...found].slice(0, -1)).toEqual([...meetingNetworks(apps.slice(0, -1))]);
      }),
      propertyRuns(2_000),
    );
  });

  it("needs no more networks than the apps have, where each app is in one", () => {
    const one = fc.array(fc.constantFrom("default", "x", "y", "z"), { maxLength: 8 });
    fc.assert(
      fc.property(one, (networks) => {
        const apps = networks.map((network, i) => ({ name: `app${i}`, networks: [network] }));
        expect(new Set(meetingNetworks(apps).values()).size).toBe(new Set(networks).size);
      }),
      propertyRuns(500),
    );
  });
});

describe("the networks of the stack", () => {
  const COMPOSE = `services:
  lone: { image: x, entrypoint: [x], networks: [inner] }
  edge: { image: x, entrypoint: [x], networks: { outer: { aliases: [public] } } }
  plain: { image: x, entrypoint: [x] }
  beside: { image: x, entrypoint: [x], network_mode: "service:vpn" }
  agent: { image: x, entrypoint: [x], network_mode: host }
  vpn: { image: x, networks: [outer] }
networks: { inner: { internal: true }, outer: {} }
`;
  const apps = ["lone", "edge", "plain", "beside", "agent"].map((name) => `${name}: { project: shop }`);
  const rendered = (more = "") =>
    composeOf(renderedStack(declarationWith(`apps: { ${apps.join(", ")} }\n${more}`), COMPOSE));
  const joined = ["glitchtip-apps", "glitchtip-apps-edge", "glitchtip-apps-plain"];

  it("are internal where apps meet GlitchTip, and no app is in the one with a way out", () => {
    const { services, networks } = rendered();
    expect(networks).toEqual({
      glitchtip: {},
      "glitchtip-db": { internal: true },
      ...Object.fromEntries(joined.map((name) => [name, { internal: true }])),
    });
    expect(
      Object.fromEntries(Object.entries(services).map(([name, service]) => [name, service.networks])),
    ).toMatchObject({
      lone: ["glitchtip-apps"],
      edge: ["glitchtip-apps-edge"],
      vpn: ["glitchtip-apps-edge"],
      plain: ["default", "glitchtip-apps-plain"],
      glitchtip: ["glitchtip", "glitchtip-db", ...joined],
      "glitchtip-provision": ["glitchtip"],
      "glitchtip-db": ["glitchtip-db"],
    });
    for (const name of ["beside", "agent"]) expect(services[name]).not.toHaveProperty("networks");
  });

  it.each([
    [
      "a worker of its own",
      "server: { topology: split }",
      "glitchtip-worker",
      ["glitchtip", "glitchtip-db", ...joined],
    ],
    ["a single container", "server: { topology: single-container }", "glitchtip", ["glitchtip", ...joined]],
    [
      "Traefik",
      "production: { domain: errors.shop.example, proxy: traefik }\nmail: { url: file:./mail }",
      "glitchtip",
      ["glitchtip", "glitchtip-db", "glitchtip-proxy", ...joined],
    ],
  ])("are joined by GlitchTip with %s", (_, lines, service, networks) => {
    expect(rendered(lines).services[service]?.networks).toEqual(networks);
  });
});
