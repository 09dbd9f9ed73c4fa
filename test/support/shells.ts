import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";

/** A shell that images bring as sh. `argv` starts it; a script and its arguments follow. */
export interface Shell {
  readonly name: string;
  readonly argv: readonly string[];
  /** busybox brings tr, env and sleep inside, whatever PATH says. */
  readonly hasOwnTools: boolean;
  /** bash alone keeps variables whose names are no identifiers by itself. */
  readonly keepsOddNames: boolean;
}

export function findProgram(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(":")
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const KNOWN = [
  { name: "dash", program: "dash", options: [], package: "dash" },
  { name: "busybox ash", program: "busybox", options: ["sh"], package: "busybox-static" },
  { name: "bash", program: "bash", options: [], package: "bash" },
  { name: "bash --posix", program: "bash", options: ["--posix"], package: "bash" },
] as const;

const isRequired = process.env.REQUIRE_SHELLS === "1" || process.env.REQUIRE_DOCKER === "1";

const found = KNOWN.map(({ name, program, options, package: debianPackage }) => {
  const path = findProgram(program);
  const shell: Shell | undefined =
    path === undefined
      ? undefined
      : {
          name,
          argv: [path, ...options],
          hasOwnTools: program === "busybox",
          keepsOddNames: program === "bash",
        };
  return { name, shell, reason: `no ${program} on this machine (apt-get install ${debianPackage})` };
});

/** The shells of this machine. */
export const SHELLS: readonly Shell[] = found.flatMap(({ shell }) => (shell === undefined ? [] : [shell]));

/** One describe a shell. An absent shell is a skipped test with the reason, and a failed one where shells are required. */
export function describeInShells(body: (shell: Shell) => void): void {
  for (const { name, shell, reason } of found) {
    describe(`in ${name}`, () => {
      if (shell !== undefined) body(shell);
      else reportAbsent(reason);
    });
  }
}

function reportAbsent(reason: string): void {
  it("is on this machine", ({ skip }) => {
    if (isRequired) throw new Error(reason);
    console.warn(`skipped: ${reason}`);
    skip(reason);
  });
}
