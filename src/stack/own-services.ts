import type { ownServices } from "../config/server.ts";
import { joined } from "./app-networks.ts";
import { found } from "./apps.ts";
import type { ComposeService, UserProject } from "./model.ts";
import { Refusal, throwAll } from "./refusal.ts";

const NETWORK = "glitchtip-db";

/** A database or Valkey that is a service of the user's joins the network that GlitchTip looks for it in. */
export function overlayOwnServices(
  own: ReturnType<typeof ownServices>,
  user: UserProject,
  apps: Readonly<Record<string, ComposeService>>,
): { readonly services: Record<string, ComposeService>; readonly warnings: string[] } {
  const services: Record<string, ComposeService> = {};
  const refusals: Refusal[] = [];
  for (const { service: name } of Object.values(own)) {
    if (name === undefined) continue;
    try {
      const service = found(name, user);
      if (service.networkMode !== undefined) {
        throw new Refusal(
          "GC1109",
          `service ${name} has network_mode: ${service.networkMode}; GlitchTip needs it in a network`,
        );
      }
      const networks =
        (apps[name]?.networks as string[] | undefined) ?? joined(service).filter((one) => one === "default");
      services[name] = { ...apps[name], networks: [...networks, NETWORK] };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals.push(error);
    }
  }
  throwAll(refusals);
  const warnings = Object.keys(services).map(
    (name) => `service ${name} joins GlitchTip's network: the next up makes its container anew`,
  );
  return { services, warnings };
}
