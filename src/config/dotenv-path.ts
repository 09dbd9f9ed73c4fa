/** A Compose file by one of its usual names, with ours among them. Not every file system tells capitals apart. */
const COMPOSE_FILE = /(?:^|\/)(?:docker-)?compose(?:\.[^/]*)?\.ya?ml$/i;
const FOLDERS = /(?:^|\/)\.(?:git|glitchtip)(?:\/|$)/i;

/** Returns why a path cannot be that of a dotenv file, by its name alone; undefined where it can. */
export function dotenvPathProblem(path: string): string | undefined {
  if (path.toLowerCase() === "glitchtip.yaml")
    return "is the declaration itself; name a dotenv file, such as .env.local";
  if (COMPOSE_FILE.test(path)) return "is a Compose file; name a dotenv file, such as .env.local";
  const [folder] = FOLDERS.exec(path) ?? [];
  if (folder === undefined) return undefined;
  return `lies in ${folder.replaceAll("/", "")}/, where no program looks for it; name a file such as .env.local`;
}

const ASSIGNMENT = /^\s*(?:export\s+)?[\w.-]+\s*=/;
const IGNORED = /^\s*(?:#|$)/;

/** Returns false for a text that says something and sets no variable at all: a YAML or JSON file, or a program. */
export function looksLikeDotenv(text: string): boolean {
  const lines = text.split(/\r?\n/);
  return lines.some((line) => ASSIGNMENT.test(line)) || lines.every((line) => IGNORED.test(line));
}
