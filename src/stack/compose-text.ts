import type { ComposeService } from "../compose/model.ts";
import type { AttachedStack, BundledStack, StackService, TopLevel } from "./model.ts";
import { YamlAlias, yamlLines } from "./yaml-text.ts";

const EVERY_SERVICE = "glitchtip-service";
const SERVER_KEYS = "glitchtip-server";
const ENVIRONMENT = "glitchtip-environment";
const VOLUME = "glitchtip-volume";

const merge = (anchor: string, keys: object): object => ({ "<<": new YamlAlias(anchor), ...keys });

/** Returns the text of our Compose file. What services share is written once, as an anchor. */
export function composeText(
  header: readonly string[],
  { everyService, server, environment, services }: AttachedStack & Partial<BundledStack>,
  overlays: Readonly<Record<string, ComposeService>>,
  top: TopLevel,
): string {
  const head = [[...header]];
  if (Object.keys(services).length > 0) head.push(anchored(EVERY_SERVICE, everyService));
  if (server !== undefined && environment !== undefined) {
    const shared = { ...merge(EVERY_SERVICE, server), environment: new YamlAlias(ENVIRONMENT) };
    head.push(anchored(ENVIRONMENT, environment), anchored(SERVER_KEYS, shared));
  }
  const volumes = Object.values(top.volumes ?? {});
  const [volume] = volumes;
  const isVolumeShared =
    volumes.length > 1 && Object.keys(volume ?? {}).length > 0 && volumes.every((one) => one === volume);
  if (isVolumeShared && volume !== undefined) head.push(anchored(VOLUME, volume));
  const parts = [
    ...head,
    ...Object.entries(services).map(([name, service]) => serviceLines(name, withShared(service))),
    ...Object.entries(overlays).map(([name, overlay]) => serviceLines(name, overlay)),
    ...Object.entries(top).map(([key, value]) =>
      yamlLines(key, isVolumeShared && key === "volumes" ? aliases(VOLUME, value) : value, { open: true }),
    ),
  ];
  const [firstService, firstOverlay] = [head.length, head.length + Object.keys(services).length];
  parts[firstService]?.unshift("services:");
  if (firstOverlay < parts.length - Object.keys(top).length) {
    parts[firstOverlay]?.unshift("  # Your services, with the lines that give them their DSN.");
  }
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

const aliases = (anchor: string, values: object): object =>
  Object.fromEntries(Object.keys(values).map((name) => [name, new YamlAlias(anchor)]));
const anchored = (anchor: string, value: object) => yamlLines(`x-${anchor}`, value, { anchor, open: true });
const serviceLines = (name: string, service: object) => yamlLines(name, service, { indent: "  ", open: true });

function withShared({ own, fromServer }: StackService): object {
  if (!fromServer) return merge(EVERY_SERVICE, own);
  const { environment } = own;
  return merge(SERVER_KEYS, environment === undefined ? own : { ...own, environment: merge(ENVIRONMENT, environment) });
}
