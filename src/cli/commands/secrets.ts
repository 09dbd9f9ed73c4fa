import { randomBytes } from "node:crypto";
import { CodedError, EXIT } from "../../base/errors.ts";
import { weakness } from "../../config/secrets.ts";
import { serverKind, superuserOf } from "../../config/server.ts";
import { openDocker } from "../../docker/index.ts";
import { openTransport } from "../../glitchtip/transport.ts";
import { openHttp } from "../../http/undici.ts";
import { signInReferences } from "../../provision/index.ts";
import { openReferences } from "../../references/resolver.ts";
import { hostUrl, openAccounts } from "../../running/index.ts";
import {
  changeSecret,
  changeToken,
  ENDS,
  listSecrets,
  requireOurs,
  type SecretFile,
  WHAT,
  type What,
} from "../../secrets/index.ts";
import { packageAssets, readWorkspace } from "../../workspace/index.ts";
import { oneOf, wordsOf } from "../accounts.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { newPassword } from "../new-password.ts";
import { confirmed, paintFor, table, withProgress } from "../screen.ts";

interface Flags {
  readonly passwordFile?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** The secrets that the stack was made with: how they are, and other values for them. */
export default {
  flags: (command) =>
    command
      .argument("<action>", "list, or rotate")
      .argument("[what]", `for rotate: ${WHAT.join(", ")}`)
      .option(
        "--password-file <path>",
        "for admin-password: its first line (- for what is piped in); default: a made one",
      )
      .option("--dry-run", "only say what it would end")
      .option("--yes", "do not ask"),
  async run(context, flags, [action, ...words]) {
    if (oneOf(["list", "rotate"], action, "the action") === "list") return list(context);
    const [given] = wordsOf("secrets rotate", ["what"], words);
    await rotate(context, oneOf(WHAT, given, "what to rotate"), flags);
  },
} satisfies CliCommand<Flags>;

function list(context: CliContext): void {
  readWorkspace(context.dir, context.env);
  const found = listSecrets(context.dir);
  const paint = paintFor(context);
  const rows = found.map(({ file, state, changedAt, problems }) => [
    file,
    state === "weak" ? paint("bad", state) : state,
    changedAt?.slice(0, 10) ?? "-",
    problems.join("; ") || "-",
  ]);
  context.print(
    context.json ? JSON.stringify({ secrets: found }) : table([["FILE", "STATE", "SINCE", "PROBLEM"], ...rows]),
  );
  if (found.some(({ state }) => state === "weak")) context.setExitCode(EXIT.failed);
}

async function rotate(
  context: CliContext,
  what: What,
  { passwordFile, dryRun = false, yes = false }: Flags,
): Promise<void> {
  const { declaration } = readWorkspace(context.dir, context.env);
  if (serverKind(declaration) !== "bundled") {
    throw new CodedError("GC1001", "this project starts no GlitchTip, so its secrets are not ours", {
      remedy: "Change them where the server runs.",
    });
  }
  const file = what === "token" ? undefined : (what.replace("-", "_") as SecretFile);
  if (file !== undefined) requireOurs({ declaration }, file);
  if (dryRun) {
    context.print(context.json ? JSON.stringify({ dryRun, what, ends: ENDS[what] }) : `${what}: ${ENDS[what]}`);
    return;
  }
  context.log.info(`${what}: ${ENDS[what]}`);
  if (!yes && !(await confirmed(context, `Another ${what} now?`, "--yes"))) {
    context.log.info("Nothing was changed.");
    return context.setExitCode(EXIT.failed);
  }
  const docker = openDocker(context);
  const { email } = superuserOf(declaration);
  const chosen =
    what === "admin-password" && passwordFile ? await newPassword(context, email, passwordFile) : undefined;
  const weak = chosen && weakness("admin password", chosen.reveal());
  if (weak !== undefined) {
    throw new CodedError("GC1111", `the new password ${weak}`, { remedy: "Choose another, or let one be made." });
  }
  if (file === undefined) {
    const { ended } = await withProgress(context, "changing the token", ({ say }) => token(say));
    context.print(context.json ? JSON.stringify({ what, ended }) : "the provisioner has a new API token");
    return;
  }
  const accounts = openAccounts(docker, packageAssets().accounts());
  const changed = await withProgress(context, `changing ${what}`, ({ say }) =>
    changeSecret({ ...context, declaration, docker, random: randomBytes, accounts, say }, file, chosen),
  );
  if (context.json) context.print(JSON.stringify({ what, ...changed }));
  else context.print(`${changed.file} is another one${changed.resumed ? " (an interrupted change was ended)" : ""}`);

  async function token(say: (text: string) => void) {
    const signIn = signInReferences(declaration, undefined);
    if ("token" in signIn) {
      throw new CodedError("GC1001", "the token is yours: server.token says where it is", {
        remedy: "Make another one in GlitchTip, put it there, and end the old one.",
      });
    }
    const transport = openTransport(openHttp, await hostUrl(declaration, docker), { env: context.env });
    const references = openReferences({ ...context, vault: declaration.vault });
    try {
      const password = await references.resolve(signIn.password, "admin.password");
      return await changeToken({ ...context, docker, transport, email, password, say });
    } finally {
      await Promise.all([transport.close(), references.close()]);
    }
  }
}
