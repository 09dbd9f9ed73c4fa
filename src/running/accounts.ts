import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import { execCaptured } from "../docker/exec.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import type { OrganizationRole } from "../glitchtip/wire/shapes.ts";
import { SERVER } from "../stack/service-names.ts";
import { observeStack, runningContainer } from "./observe.ts";

export interface Account {
  readonly email: string;
  readonly name: string;
  readonly superuser: boolean;
  readonly staff: boolean;
  readonly active: boolean;
  readonly lastLogin: string | null;
  readonly organizations: readonly { readonly slug: string; readonly name: string; readonly role: OrganizationRole }[];
}

export interface OrganizationMembers {
  readonly slug: string;
  readonly name: string;
  readonly members: readonly { readonly email: string; readonly role: OrganizationRole; readonly pending: boolean }[];
}

/** The commands of templates/accounts/accounts.py, each with its arguments and its answer. */
interface AccountCommands {
  "user list": [Record<string, never>, Account[]];
  "user info": [{ email: string }, Account];
  "user create": [{ email: string; name?: string; superuser?: boolean; staff?: boolean; password?: Secret }, Account];
  "user update": [{ email: string; name?: string; newEmail?: string }, Account];
  "user delete": [{ email: string }, Account];
  "user password": [{ email: string; password: Secret }, Account];
  "user flag": [{ email: string; flag: "superuser" | "staff" | "active"; value: boolean }, Account];
  "user role": [{ email: string; organization: string; role: OrganizationRole }, Account];
  "organization list": [Record<string, never>, OrganizationMembers[]];
  "organization info": [{ organization: string }, OrganizationMembers];
  "organization create": [{ name: string; owner: string }, OrganizationMembers];
  "organization add": [{ organization: string; email: string; role: OrganizationRole }, OrganizationMembers];
  "organization remove": [{ organization: string; email: string }, OrganizationMembers];
}

export interface Accounts {
  do<C extends keyof AccountCommands>(
    command: C,
    args: AccountCommands[C][0],
    options?: { readonly dryRun?: boolean },
  ): Promise<AccountCommands[C][1]>;
}

/** Begins the one line of the answer. */
const MARK = "glitchtip-compose:";

/** Changes users and organizations by GlitchTip's own models in its running container. A refusal is GC1206. */
export function openAccounts(docker: Docker, script: string): Accounts {
  return {
    async do(command, args, { dryRun = false } = {}) {
      const container = runningContainer(await observeStack(docker), SERVER).id;
      // The request goes to stdin: every user of the machine can read the passwords in an argument list.
      const request = JSON.stringify({ command, with: revealed(args), dryRun });
      const manage = ["./manage.py", "shell", "-c", script];
      const { code, stdout, stderr } = await execCaptured(docker, { container, command: manage }, request);
      const line = stdout.split("\n").findLast((one) => one.startsWith(MARK));
      if (code !== 0 || line === undefined) {
        throw new CodedError("GC1605", `GlitchTip could not do "${command}": manage.py shell ended with ${code}`, {
          // The last line of a Python traceback is the exception.
          problems: lastLines(stderr, 1),
          remedy: "Look at it with: npx glitchtip-compose manage check, and npx glitchtip-compose logs --errors",
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
  if (/last superuser/.test(refused))
    return "Make another account a superuser first: npx glitchtip-compose user superuser EMAIL on";
  if (/last owner|only one who/.test(refused))
    return "Give the organization another owner first: npx glitchtip-compose user role EMAIL ORGANIZATION owner";
  if (/no user/.test(refused)) return "See: npx glitchtip-compose user list";
  if (/no organization|several organizations/.test(refused)) return "See: npx glitchtip-compose organization list";
  if (/password/.test(refused)) return "Choose a longer one.";
  return "Nothing was changed.";
}
