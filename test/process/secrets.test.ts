import { afterAll, beforeAll, describe } from "vitest";
import { lookAtEverything } from "./secrets/afterwards.ts";
import { demoAndEmulateShowNone } from "./secrets/demo.ts";
import { secretsFromElsewhere } from "./secrets/from-elsewhere.ts";
import { initShowsNone } from "./secrets/init.ts";
import { provisionerShowsNone } from "./secrets/provisioner.ts";
import { commandsShowNone } from "./secrets/running-stack.ts";
import { searchItself } from "./secrets/the-search.ts";
import { World } from "./secrets/world.ts";

/**
 * No secret is in anything that is said, written or started, whatever is run and however it ends. One world for all
 * parts, in this order: the last one looks at everything again, with what became known on the way. A new command adds
 * its line to secrets/commands.ts.
 */
const world = new World();
beforeAll(() => world.start());
afterAll(() => world.end());

describe("the search itself", () => searchItself(world));
describe("init", () => initShowsNone(world));
describe("the provisioner", () => provisionerShowsNone(world));
describe("the commands on a running stack", () => commandsShowNone(world));
describe("demo and emulate", () => demoAndEmulateShowNone(world));
describe("secrets from elsewhere", () => secretsFromElsewhere(world));
describe("afterwards", () => lookAtEverything(world));
