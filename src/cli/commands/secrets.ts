import { randomBytes } from "node:crypto";
import { CodedError, EXIT } from "../../base/errors.ts";
import type { Declaration } from "../../config/schema.ts";
import { weakness } from "../../config/secrets.ts";
import { serverKind, superuserOf } from "../../config/server.ts";
import { type Docker, openDocker } from "../../docker/index.ts";
import { openTransport } from "../../glitchtip/transport.ts";
import { openHttp } from "../../http/client.ts";
import { chooseSignIn } from "../../provision/index.ts";
import { openReferences } from "../../references/resolver.ts";
import { hostUrl, madeAdminPassword, openAccounts, openStackSecrets } from "../../running/index.ts";
import {
  changeSecret,
  changeToken,
  listSecrets,
  ROTATABLE_SECRETS,
  ROTATION_EFFECTS,
  type RotatableSecret,
  requireManagedSecret,
  type SecretFile,
} from "../../secrets/index.ts";
import { packageAssets, readWorkspace } from "../../workspace/index.ts";
import { requireArguments, requireWord } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import type { CliContext } from "../context.ts";
import { paintFor, withProgress } from "../screen.ts";
import { newPassword } from "../secret-input.ts";
import { table } from "../table.ts";

interface Flags extends ConfirmationFlags {
  readonly passwordFile?: string;
}

export default {
  actions: ["list", "rotate"],
  flags: (command) =>
    withConfirmation(
      command
        .argument("<action>", "list, or rotate")
        .argument("[what]", `for rotate: ${ROTATABLE_SECRETS.join(", ")}`)
        .option(
          "--password-file <path>",
          "for admin-password: a file whose first line is the password (- for stdin); default: a generated one",
        ),
      "secrets",
    ),
  async run(context, flags, [action, ...words]) {
    if (requireWord(["list", "rotate"], action, "the action") === "list") return await list(context);
    const [given] = requireArguments("secrets rotate", ["what"], words);
    await rotate(context, requireWord(ROTATABLE_SECRETS, given, "what to rotate"), flags);
  },
} satisfies CliCommand<Flags>;

async function list(context: CliContext): Promise<void> {
  readWorkspace(context.dir, context.env);
  const found = await listSecrets(context.dir, openStackSecrets(openDocker(context)));
  const paint = paintFor(context);
  const rows = found.map(({ name, state, changedAt, problems }) => [
    name,
    state === "weak" ? paint("bad", state) : state,
    changedAt?.slice(0, 10) ?? "-",
    problems.join("; ") || "-",
  ]);
  context.print(
    context.json ? JSON.stringify({ secrets: found }) : table([["SECRET", "STATE", "SINCE", "PROBLEM"], ...rows]),
  );
  if (found.some(({ state }) => state === "weak")) context.setExitCode(EXIT.failed);
}

async function rotate(context: CliContext, what: RotatableSecret, flags: Flags): Promise<void> {
  const { passwordFile, dryRun = false } = flags;
  const { declaration } = readWorkspace(context.dir, context.env);
  if (serverKind(declaration) !== "bundled") {
    throw new CodedError("GC1001", "this workspace starts no GlitchTip, so there are no secrets to manage", {
      remedy: "Change them where the server runs.",
    });
  }
  const file = what === "token" ? undefined : (what.replace("-", "_") as SecretFile);
  if (file !== undefined) requireManagedSecret({ declaration }, file);
  if (dryRun) {
    context.print(
      context.json
        ? JSON.stringify({ dryRun, what, ends: ROTATION_EFFECTS[what] })
        : `${what}: ${ROTATION_EFFECTS[what]}`,
    );
    return;
  }
  const docker = openDocker(context);
  // A change that cannot begin is not announced.
  await docker.compose.version();
  await docker.located();
  context.log.info(`${what}: ${ROTATION_EFFECTS[what]}`);
  if (!(await agreed(context, flags, { text: `Replace ${what} now?` }))) return;
  const chosen = what === "admin-password" ? await chosenPassword(context, declaration, passwordFile) : undefined;
  if (file === undefined) {
    const { ended } = await withProgress(context, "changing the token", ({ say }) =>
      rotateToken(context, docker, declaration, say),
    );
    context.print(context.json ? JSON.stringify({ what, ended }) : "the provisioner has a new API token");
    return;
  }
  const accounts = openAccounts(docker, packageAssets().accounts());
  const changed = await withProgress(context, `changing ${what}`, ({ say }) =>
    changeSecret({ ...context, declaration, docker, random: randomBytes, accounts, say }, file, chosen),
  );
  if (context.json) context.print(JSON.stringify({ what, ...changed }));
  else context.print(`changed ${changed.secret}${changed.resumed ? " (an interrupted change was completed)" : ""}`);
}

/** Returns the password that --password-file gives, undefined where one is to be made. Throws GC1111 for a weak one. */
async function chosenPassword(context: CliContext, declaration: Declaration, file: string | undefined) {
  if (!file) return undefined;
  const chosen = await newPassword(context, superuserOf(declaration).email, file);
  const weak = weakness("admin password", chosen.reveal());
  if (weak === undefined) return chosen;
  throw new CodedError("GC1111", `the new password ${weak}`, { remedy: "Choose another, or let one be generated." });
}

async function rotateToken(context: CliContext, docker: Docker, declaration: Declaration, say: (text: string) => void) {
  const signIn = chooseSignIn(declaration, undefined);
  if ("token" in signIn) {
    throw new CodedError("GC1001", "the token is yours: server.token says where it is", {
      remedy: "Create another token in GlitchTip, put it there, and revoke the old one.",
    });
  }
  const transport = openTransport(openHttp, await hostUrl(declaration, docker), { env: context.env });
  const references = openReferences({ ...context, vault: declaration.vault });
  try {
    const password =
      "made" in signIn ? await madeAdminPassword(docker) : await references.resolve(signIn.password, "admin.password");
    const { email } = superuserOf(declaration);
    return await changeToken({ ...context, docker, transport, email, password, say });
  } finally {
    await Promise.all([transport.close(), references.close()]);
  }
}
