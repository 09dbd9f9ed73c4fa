import type { UserProject } from "../compose/model.ts";
import { hostApps } from "../config/app-sources.ts";
import { samplePort } from "./env-lines.ts";
import { likelyReporters } from "./reporters.ts";
import type { Workspace } from "./workspace.ts";

/** Gives a DSN to a program where no app is declared yet. */
const ADD_FIRST_APP = "npx glitchtip-compose add dev --host --project shop --dotenv .env.local";

/** The command lines that follow once the files are written. */
export interface NextSteps {
  /** What to type next. */
  readonly next: string;
  /** What to type after that. */
  readonly afterwards: string;
  /** What to type last, for a GlitchTip in production. */
  readonly lastly?: string;
}

export const nextSteps = ({ declaration, user }: Pick<Workspace, "declaration" | "user">): NextSteps => ({
  // Plain Compose writes no file of the user's.
  next: Object.keys(hostApps(declaration)).length > 0 ? "npx glitchtip-compose up" : "docker compose up -d --wait",
  afterwards: Object.keys(declaration.apps).length > 0 ? "npx glitchtip-compose verify" : addFirstApp(user.services),
  ...(declaration.production !== undefined && { lastly: "npx glitchtip-compose check --production" }),
});

/** Returns the command line that gives the first DSN: to the service that most likely reports errors, if there is one. */
export function addFirstApp(services: UserProject["services"]): string {
  const [service] = likelyReporters(services);
  return service === undefined ? ADD_FIRST_APP : `npx glitchtip-compose add ${service}`;
}

/** Returns the sample app's address for browsers, with the port that Compose reads: APP_PORT, else its file's own. */
export function sampleUrlOf(workspace: Workspace, shell: Readonly<Record<string, string | undefined>>): string {
  const stated = "APP_PORT" in shell ? shell.APP_PORT : workspace.env.APP_PORT;
  return `http://localhost:${stated || samplePort(workspace)}`;
}
