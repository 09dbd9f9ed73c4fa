import { asMap, parseComposeYaml, Tagged } from "../compose/yaml.ts";
import { SECRETS_DIR } from "../config/secret-volumes.ts";
import { type Assets, renderWorkspace, type Workspace } from "../workspace/index.ts";

/** A service and what it is connected to, each as a list of names. */
export interface GraphService {
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
  readonly secrets: readonly string[];
}

export type StackGraph = Readonly<Record<string, GraphService>>;

/** Returns what the services of the workspace will be connected to, from the files as they would be rendered. */
export function stackGraph(workspace: Workspace, assets: Assets): StackGraph {
  const { user, stackFile } = workspace;
  const file = renderWorkspace(workspace, assets).files.find(({ path }) => path === stackFile);
  const ours = Object.entries(asMap(parseComposeYaml(stackFile, String(file?.content ?? ""))[0]?.services)).map(
    ([name, service]) => [name, serviceIn(service, workspace)] as const,
  );
  const users = Object.entries(user.services).map(([name, { networks, ports = [] }]) => {
    const shown = ports.map(({ host_ip, published, target }) =>
      [host_ip, published, target].filter((part) => part !== undefined).join(":"),
    );
    return [name, { networks, volumes: [], secrets: [], ports: shown }] as const;
  });
  const graph: Record<string, GraphService> = {};
  for (const [name, service] of [...users, ...ours]) graph[name] = together(graph[name], service);
  return graph;
}

function together(one: GraphService | undefined, other: GraphService): GraphService {
  const all = (key: keyof GraphService) => [...new Set([...(one?.[key] ?? []), ...other[key]])];
  return { networks: all("networks"), volumes: all("volumes"), ports: all("ports"), secrets: all("secrets") };
}

function serviceIn(value: unknown, { port }: Workspace): GraphService {
  const service = asMap(value);
  const mounts = list(service.volumes).map(mountOf);
  const isSecret = ({ target }: Mount) => target.startsWith(`${SECRETS_DIR}/`);
  const stated = list(service.secrets).map((one) => String(asMap(one).source ?? one));
  return {
    networks: list(service.networks).map(String),
    volumes: mounts.flatMap((mount) => (isSecret(mount) || !mount.isVolume ? [] : [mount.source])),
    ports: list(service.ports).map((text) =>
      String(text)
        .replace(/\$\{GLITCHTIP_PORT:?-[^}]*\}/, String(port))
        .replace(/\$\{GLITCHTIP_SERVICE_PORT:?-([^}]*)\}/, "$1"),
    ),
    secrets: [...mounts.flatMap((mount) => (isSecret(mount) ? [mount.source] : [])), ...stated],
  };
}

interface Mount {
  readonly source: string;
  readonly target: string;
  readonly isVolume: boolean;
}

function mountOf(value: unknown): Mount {
  if (typeof value === "string") {
    const [source = "", target = ""] = value.split(":");
    return { source, target, isVolume: /^[A-Za-z0-9]/.test(source) };
  }
  const { type, source, target } = asMap(value);
  return { source: String(source ?? ""), target: String(target ?? ""), isVolume: type === "volume" };
}

/** Returns the entries of a list, or the names of a map; Compose takes both at several places. */
function list(value: unknown): readonly unknown[] {
  const plain = value instanceof Tagged ? value.value : value;
  return Array.isArray(plain) ? plain : Object.keys(asMap(plain));
}

/** How a kind of thing is drawn in Mermaid: the brackets of its shape, and the line to its services. */
const KINDS = [
  { key: "ports", word: "port", open: '(["', close: '"])', line: "-->" },
  { key: "networks", word: "network", open: '{{"', close: '"}}', line: "---" },
  { key: "volumes", word: "volume", open: '[("', close: '")]', line: "---" },
  { key: "secrets", word: "secret", open: '[["', close: '"]]', line: "-.->" },
] as const;

/** Returns the graph as the text of a Mermaid flowchart. */
export function mermaidOf(graph: StackGraph): string {
  const services = Object.entries(graph).map(([name, of], at) => ({ id: `service${at}`, name, of }));
  const lines = ["flowchart LR", ...services.map(({ id, name }) => `  ${id}["${label(name)}"]`)];
  for (const { key, word, open, close, line } of KINDS) {
    const names = [...new Set(services.flatMap(({ of }) => of[key]))].sort();
    const ids = new Map(names.map((name, at) => [name, `${word}${at}`]));
    for (const [name, id] of ids) lines.push(`  ${id}${open}${word} ${label(name)}${close}`);
    for (const { id, of } of services) {
      for (const name of of[key]) lines.push(`  ${ids.get(name)} ${line} ${id}`);
    }
  }
  return lines.join("\n");
}

/** Escapes a text for a quoted label. */
const label = (text: string): string => text.replaceAll("&", "#amp;").replaceAll('"', "#quot;").replaceAll("<", "#lt;");
