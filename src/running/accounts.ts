import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import { execCaptured } from "../docker/exec.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { runningOf } from "./programs.ts";
import { observeStack, SERVER } from "./running-stack.ts";

export const ROLES = ["member", "admin", "manager", "owner"] as const;
export type Role = (typeof ROLES)[number];

export interface Account {
  readonly email: string;
  readonly name: string;
  readonly superuser: boolean;
  readonly staff: boolean;
  readonly active: boolean;
  readonly lastLogin: string | null;
  readonly organizations: readonly { readonly slug: string; readonly name: string; readonly role: Role }[];
}

export interface OrganizationMembers {
  readonly slug: string;
  readonly name: string;
  readonly members: readonly { readonly email: string; readonly role: Role; readonly pending: boolean }[];
}

/** What templates/accounts/accounts.py can do, with its arguments and answers. */
interface Deeds {
  "user list": [Record<string, never>, Account[]];
  "user info": [{ email: string }, Account];
  "user create": [{ email: string; name?: string; superuser?: boolean; staff?: boolean; password?: Secret }, Account];
  "user update": [{ email: string; name?: string; newEmail?: string }, Account];
  "user delete": [{ email: string }, Account];
  "user password": [{ email: string; password: Secret }, Account];
  "user flag": [{ email: string; flag: "superuser" | "staff" | "active"; value: boolean }, Account];
  "user role": [{ email: string; organization: string; role: Role }, Account];
  "organization list": [Record<string, never>, OrganizationMembers[]];
  "organization info": [{ organization: string }, OrganizationMembers];
  "organization create": [{ name: string; owner: string }, OrganizationMembers];
  "organization add": [{ organization: string; email: string; role: Role }, OrganizationMembers];
  "organization remove": [{ organization: string; email: string }, OrganizationMembers];
}

type Deed = keyof Deeds;

export interface Accounts {
  do<D extends Deed>(deed: D, args: Deeds[D][0], options?: { readonly dryRun?: boolean }): Promise<Deeds[D][1]>;
}

const MARK = "glitchtip-compose:";

/** Users and organizations, by GlitchTip's own models in its running container. What it refuses is GC1206. */
export function openAccounts(docker: Docker, script: string): Accounts {
  return {
    async do(deed, args, { dryRun = false } = {}) {
      const container = runningOf(await observeStack(docker), SERVER).id;
      // By stdin: a password in an argument list can be read by every user of the machine.
      const request = JSON.stringify({ deed, with: revealed(args), dryRun });
      const command = ["./manage.py", "shell", "-c", script];
      const { code, stdout, stderr } = await execCaptured(docker, { container, command }, request);
      const line = stdout.split("\n").findLast((one) => one.startsWith(MARK));
      if (code !== 0 || line === undefined) {
        throw new CodedError("GC1605", `GlitchTip could not do "${deed}": manage.py shell ended with ${code}`, {
          // Of Python's traceback the last line says what it was; the others hold no arguments.
          problems: lastLines(stderr, 1),
          remedy: "Look at it with: glitchtip-compose manage check, and glitchtip-compose logs --errors",
        });
      }
      const { done, refused } = JSON.parse(line.slice(MARK.length));
      if (refused !== undefined)
        throw new CodedError("GC1206", String(refused), { remedy: remedyFor(String(refused)) });
      return done;
    },
  };
}

const revealed = (args: object): object =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, name === "password" ? (value as Secret).reveal() : value]),
  );

function remedyFor(refused: string): string {
  if (/last superuser/.test(refused)) return "Make another one first: glitchtip-compose user superuser EMAIL on";
  if (/last owner|only one who/.test(refused))
    return "Give it another owner first: glitchtip-compose user role EMAIL ORGANIZATION owner";
  if (/no user/.test(refused)) return "See: glitchtip-compose user list";
  if (/no organization|several organizations/.test(refused)) return "See: glitchtip-compose organization list";
  if (/password/.test(refused)) return "Choose a longer one.";
  return "Nothing was changed.";
}
