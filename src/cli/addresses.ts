import { accountOf, browserUrl, type Workspace } from "../workspace/index.ts";
import { table } from "./table.ts";

/** What the last lines of `init`, `up`, `verify`, `status` and `demo` lead to. */
export interface ShownAddresses {
  /** GlitchTip's address for browsers; undefined where the declaration has no server. */
  readonly url?: string | undefined;
  readonly admin?:
    | { readonly email: string; readonly passwordCommand?: string; readonly password?: string }
    | undefined;
  readonly sampleUrl?: string | undefined;
  readonly apps: readonly AppAddress[];
}

export interface AppAddress {
  readonly app: string;
  /** The page of its project's issues; undefined where nobody knows it yet. */
  readonly issues?: string | undefined;
  /** The page of an event that was just sent. */
  readonly event?: string | undefined;
}

/** Returns GlitchTip's address and account, which the files alone tell. */
export function serverAddresses(workspace: Workspace): Pick<ShownAddresses, "url" | "admin"> {
  const { admin } = workspace.declaration;
  return { url: browserUrl(workspace), admin: admin && accountOf(admin) };
}

/** Returns the table of addresses with which a command ends; empty where there is none to show. */
export function addressTable({ url, admin, sampleUrl, apps }: ShownAddresses): string {
  const secret = admin?.password ?? admin?.passwordCommand;
  const rows = [
    ...(url === undefined ? [] : [["GlitchTip", url]]),
    ...(admin === undefined ? [] : [["  sign in as", admin.email]]),
    ...(secret === undefined ? [] : [["  password", secret]]),
    ...apps.flatMap(({ app, issues, event }) => [
      ...(issues === undefined ? [] : [[`issues of ${app}`, issues]]),
      ...(event === undefined ? [] : [["  the event", event]]),
    ]),
    ...(sampleUrl === undefined ? [] : [["sample app", `${sampleUrl}  (an error: ${sampleUrl}/error)`]]),
  ];
  return table(rows);
}
