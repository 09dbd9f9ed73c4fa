import type { BundledStack } from "./model.ts";
import { APPS_NETWORK, NETWORK, SERVER } from "./service-names.ts";

/** A service that has to reach GlitchTip, with the networks that it is in. */
export interface NetworkMember {
  readonly name: string;
  readonly networks: readonly string[];
}

/**
 * Returns the network on which each service meets GlitchTip. Services are on one network only where each two of them
 * share a network of their own, so that none gains a neighbour. The first service that fits nowhere opens a network, so a
 * further service at the end changes no name.
 */
export function meetingNetworks(members: readonly NetworkMember[]): ReadonlyMap<string, string> {
  const groups: { readonly network: string; readonly members: NetworkMember[] }[] = [];
  const found = new Map<string, string>();
  for (const member of members) {
    let group = groups.find(({ members: others }) => others.every((other) => areNeighbours(member, other)));
    if (group === undefined) {
      group = { network: groups.length === 0 ? APPS_NETWORK : `${APPS_NETWORK}-${member.name}`, members: [] };
      groups.push(group);
    }
    group.members.push(member);
    found.set(member.name, group.network);
  }
  return found;
}

const areNeighbours = (one: NetworkMember, other: NetworkMember): boolean =>
  one.networks.some((network) => other.networks.includes(network));

/** Returns the stack with GlitchTip in the apps' networks: web takes their events, and the worker asks for monitors. */
export function withAppNetworks(stack: BundledStack, appNetworks: readonly string[]): BundledStack {
  const joined = (networks: readonly string[]) => [...networks, ...appNetworks];
  const server = { ...stack.server, networks: joined(stack.server.networks ?? []) };
  const web = stack.services[SERVER];
  // What a service states itself replaces the list that GlitchTip's services share.
  if (web?.own.networks === undefined) return { ...stack, server };
  const own = { ...web.own, networks: joined(web.own.networks) };
  return { ...stack, server, services: { ...stack.services, [SERVER]: { ...web, own } } };
}

/** Returns the networks for the top of the Compose file: GlitchTip's own with a way out, and the apps' without one. */
export const serverNetworks = (appNetworks: readonly string[]): Record<string, { readonly internal?: boolean }> => ({
  [NETWORK]: {},
  ...Object.fromEntries(appNetworks.map((name) => [name, { internal: true }])),
});
