import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

type Variables = Readonly<Record<string, string | undefined>>;

// These folders belong to the process, as the one of homedir() does.
const VARIABLES: Variables = process.env;

/** Returns the folder of this user for what programs remember, as the platform has it. */
export function stateHome(env: Variables = VARIABLES, platform: NodeJS.Platform = process.platform): string {
  const home = homedir();
  // The XDG specification ignores a path that is relative.
  if (env.XDG_STATE_HOME !== undefined && isAbsolute(env.XDG_STATE_HOME)) return env.XDG_STATE_HOME;
  if (platform === "win32") return env.LOCALAPPDATA || join(home, "AppData", "Local");
  return platform === "darwin" ? join(home, "Library", "Application Support") : join(home, ".local", "state");
}

/**
 * Returns the path of a `file:` reference of a declaration in `dir`. A `~` in front is the home folder of the user, as Compose
 * takes it for the file of a secret.
 */
export const referencedPath = (dir: string, path: string): string =>
  /^~(?=$|[/\\])/.test(path) ? resolve(homedir(), path.slice(2)) : resolve(dir, path);

/**
 * Returns the folder of this user for data that programs keep, as Compose fills in `${XDG_DATA_HOME:-~/.local/share}`: on every
 * platform the same, because the Compose file has to name it, too. `dotEnv` are the variables of .env.
 */
export const dataHome = (dotEnv: Variables = {}, env: Variables = VARIABLES): string =>
  (env.XDG_DATA_HOME ?? dotEnv.XDG_DATA_HOME) || join(homedir(), ".local", "share");
