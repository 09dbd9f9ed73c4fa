export { composeStack, whyNoContainers } from "./containers.ts";
export { type DemoProof, type DemoStack, runDemo } from "./demo.ts";
export { abandonedDemos, openDemoFolder, withoutComposeProject } from "./folder.ts";
export { processStack } from "./processes.ts";
