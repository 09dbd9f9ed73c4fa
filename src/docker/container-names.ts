import { commandLine } from "../base/process.ts";
import type { Container } from "./engine.ts";

/** A digest of an image is no id of a container. */
const ID = /(?<!sha256:)\b[0-9a-f]{64}\b/g;
/** Options of `docker exec` that are followed by a value. */
const VALUED: readonly string[] = ["-e", "--env", "-u", "--user", "-w", "--workdir"];

/** Names by id. Ids are unique, whatever the engine. */
const names = new Map<string, string>();

/** Remembers what the containers are called. */
export function rememberNames(containers: readonly Pick<Container, "id" | "name">[]): void {
  for (const { id, name } of containers) names.set(id, name);
}

/** Returns the text with the names of containers instead of their ids; an unknown id is shortened, as docker does. */
export const withNames = (text: string): string => text.replaceAll(ID, (id) => names.get(id) ?? id.slice(0, 12));

/** Returns what messages call a call of the docker program, such as `a command in container shop-glitchtip-db-1`. */
export function dockerCall(args: readonly string[]): string {
  const container = args[0] === "exec" ? execContainer(args.slice(1)) : undefined;
  return withNames(container === undefined ? commandLine("docker", args) : `a command in container ${container}`);
}

function execContainer(words: readonly string[]): string | undefined {
  return words.find((word, at) => !word.startsWith("-") && !VALUED.includes(words[at - 1] ?? ""));
}
