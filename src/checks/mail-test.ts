import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { referencedPath } from "../base/user-folders.ts";
import { withoutLineEnd } from "../config/secret-volumes.ts";
import { parseStackReference } from "../config/secrets.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { containerOf, observeStack, openStackSecrets, stackNotStarted } from "../running/index.ts";
import { SERVER } from "../stack/service-names.ts";
import type { Workspace } from "../workspace/index.ts";

const MAIL_SECRET = "glitchtip_email_url";
/** Django gives up on a mail server that does not answer after about this time. */
const WITHIN_MS = 90_000;

/** Sends a mail from GlitchTip's container with its settings, the way its alerts go. Throws GC1608 where it fails. */
export async function sendTestMail(
  docker: Docker,
  workspace: Workspace,
  to: string,
  shell: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { mail } = workspace.declaration;
  if (mail === undefined) {
    throw new CodedError("GC1608", "no mail server is declared: GlitchTip prints its mails to its log", {
      remedy: "Write mail: {url: file:./mail-url} into glitchtip.yaml, then: npx glitchtip-compose init",
    });
  }
  const stack = await observeStack(docker);
  const container = containerOf(stack, SERVER);
  if (container?.state !== "running") throw stackNotStarted(stack.config.name);
  const { code, stdout, stderr } = await docker.cli(["exec", container.id, "./manage.py", "sendtestemail", to], {
    deadlineMs: WITHIN_MS,
  });
  if (code === 0) return;
  const stored = await openStackSecrets(docker)
    .read(MAIL_SECRET)
    .catch(() => undefined);
  const hidden = secretWords(workspace, mail.url, { ...workspace.env, ...shell }, stored?.value.reveal() ?? "");
  const problems = lastLines(`${stdout}\n${stderr}`, 2).map((line) =>
    hidden.reduce((text, word) => text.replaceAll(word, "[secret]"), line),
  );
  throw new CodedError("GC1608", `the mail server did not accept a test mail to ${to}`, {
    problems,
    remedy: `Check the address in ${mail.url}, then: docker compose up -d --wait, and run mail test again.`,
  });
}

/** Returns the address and its password, encoded and decoded: a mail server may repeat them in its answer. */
function secretWords(
  { dir }: Workspace,
  reference: string,
  env: Readonly<Record<string, string | undefined>>,
  stored: string,
): string[] {
  const found = parseStackReference(reference);
  const given = found.kind === "file" ? readIfThere(referencedPath(dir, found.path)) : undefined;
  const urls = [stored, given ?? "", found.kind === "env" ? (env[found.name] ?? "") : ""].map(withoutLineEnd);
  return urls.flatMap((url) => {
    const password = URL.canParse(url) ? new URL(url).password : "";
    return [url, decodeURIComponent(password), password].filter((word) => word !== "");
  });
}
