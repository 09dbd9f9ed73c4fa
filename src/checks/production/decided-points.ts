import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { filesElsewhere } from "../../backup/index.ts";
import { agreeing } from "../../base/counted.ts";
import { resolveServer, WITHOUT_VALKEY } from "../../config/server.ts";
import { SECRETS_FOLDER } from "../../stack/managed-files.ts";
import { SERVER } from "../../stack/service-names.ts";
import {
  exposureRemedy,
  exposures,
  exposureText,
  refuseUnreadableSecrets,
  stackSecretProblem,
} from "../../workspace/index.ts";
import { failed, type HardeningPoint, passed, THEN, unknown } from "./point.ts";
import { type WeakSecret, weakSecrets } from "./secret-values.ts";

/** Points about what an operator decides in glitchtip.yaml, and about the secrets. */
export const DECIDED_POINTS: readonly HardeningPoint[] = [
  {
    id: "mail",
    what: "alerts, invitations and password recovery reach people",
    how: "`mail` in glitchtip.yaml; `mail test` sends one",
    check({ workspace: { dir, declaration, env }, shell }) {
      const { mail, admin } = declaration;
      if (mail === undefined) {
        return failed("mails are only printed to the log", `Declare mail: {url: file:./mail-url}, ${THEN}`);
      }
      const problem = stackSecretProblem({ dir, declaration, env: { ...env, ...shell } }, "mail.url");
      return problem === undefined
        ? passed(`by ${mail.url}, from ${mail.from ?? admin?.email ?? ""}`)
        : failed(problem.message, problem.remedy ?? THEN);
    },
  },
  {
    id: "administrator",
    what: "the administrator's address belongs to a person",
    how: "`admin.email` in glitchtip.yaml",
    check({ workspace: { declaration } }) {
      const email = declaration.admin?.email ?? "";
      return /@(.*\.)?example\.(com|net|org)$/i.test(email)
        ? failed(
            `${email} is a placeholder`,
            `Write your address as admin.email before the first start. After it, first run npx glitchtip-compose user update ${email} --email ADDRESS`,
          )
        : passed(email);
    },
  },
  {
    id: "retention",
    what: "data retention is configured",
    how: "`server.retention.events` in glitchtip.yaml",
    check({ workspace: { declaration } }) {
      const kept = Object.entries(declaration.server.retention ?? {}).filter(([, days]) => days !== undefined);
      return declaration.server.retention?.events === undefined
        ? failed(
            "GlitchTip's own default decides how long data is kept",
            `Write server.retention: {events: 90d}, ${THEN}`,
          )
        : passed(kept.map(([kind, days]) => `${kind} ${days}`).join(", "));
    },
  },
  {
    id: "backup",
    what: "backups protect the data against disk failures and mistakes",
    how: "`backup.schedule` in glitchtip.yaml; `status` shows the last one",
    check({ workspace: { declaration }, config }) {
      const elsewhere = filesElsewhere(config?.services[SERVER]?.environment);
      if (elsewhere.length > 0) {
        return failed(
          `no backup has ${elsewhere.join(", ")}`,
          "Let the bucket keep versions, or copy it where the backups go.",
        );
      }
      if (declaration.server.database !== "bundled") {
        return unknown("the database is not ours", "Ask whoever runs it how often it is backed up.");
      }
      return declaration.backup?.schedule === undefined
        ? failed(
            "there is no schedule, so backups are created by hand only",
            `Write backup: {schedule: "03:15", keep: "daily=7,weekly=4"}, ${THEN}`,
          )
        : passed(`by schedule: ${declaration.backup.schedule}`);
    },
  },
  {
    id: "worker",
    what: "a burst of events cannot use up the web process's memory",
    how: "web and worker are containers of their own",
    check({ workspace: { declaration } }) {
      const topology = resolveServer(declaration.server).server?.topology;
      return topology !== "all-in-one"
        ? passed(topology === "split" ? "glitchtip and glitchtip-worker" : "processes of their own in one container")
        : failed("web and worker share one process", `Write server.topology: split, ${THEN}`);
    },
  },
  {
    id: "accepted-events",
    what: "no accepted event is lost when the database restarts",
    how: "5.2 has a Valkey: `server.valkey` in glitchtip.yaml",
    check({ workspace: { declaration } }) {
      const server = resolveServer(declaration.server).server;
      return server === undefined || server.valkey || !server.capabilities.losesEventsWithoutValkey
        ? passed("the queue survives it")
        : failed(WITHOUT_VALKEY, `Write server.valkey: bundled, ${THEN}`);
    },
  },
  {
    id: "apps",
    what: "applications start while GlitchTip is down",
    how: "`onFailure` in glitchtip.yaml, for all and for each app",
    check({ workspace: { declaration } }) {
      const blocking = Object.entries(declaration.apps)
        .filter(([, app]) => !app.host && (app.onFailure ?? declaration.onFailure) === "block")
        .map(([name]) => name);
      return blocking.length === 0
        ? passed("they start without reporting")
        : failed(
            `${blocking.join(", ")} ${agreeing(blocking.length, "does", "do")} not start without GlitchTip (ends with 78)`,
            `Write onFailure: start-without-reporting, ${THEN}`,
          );
    },
  },
  {
    id: "secrets",
    what: "no secret is short, easy to guess or a placeholder",
    how: "passwords of administrator, database and mail, and the secret key",
    check({ workspace, shell, made = {} }) {
      const weak = weakSecrets(workspace.dir, workspace.declaration, { ...workspace.env, ...shell }, made);
      return weak.length === 0
        ? passed("strong")
        : failed(weak.map(({ what }) => what).join("; "), weak.map(otherValue).join("; "));
    },
  },
  {
    id: "secret-files",
    what: "no other user of the host can read the secrets, and git ignores them",
    how: "they are in volumes; referenced files are there, `.glitchtip/secrets` of an earlier version is 0700, `.glitchtip/.gitignore` names it",
    check({ workspace: { dir, declaration, env }, shell }) {
      const folder = join(dir, SECRETS_FOLDER);
      refuseUnreadableSecrets(dir, declaration, { ...env, ...shell });
      const mode = existsSync(folder) ? statSync(folder).mode & 0o777 : 0o700;
      if (mode !== 0o700) return failed(`${SECRETS_FOLDER} is ${mode.toString(8)}`, `chmod 700 ${SECRETS_FOLDER}`);
      const ignored = existsSync(join(dir, ".glitchtip/.gitignore"));
      return ignored ? passed("closed") : failed(".glitchtip/.gitignore is missing", "npx glitchtip-compose init");
    },
  },
  {
    id: "exposure",
    what: "no image and no app has the backups or our folder in it",
    how: "build contexts and watched folders ignore them (`.dockerignore`), bind mounts hide them",
    check({ workspace }) {
      const found = exposures(workspace);
      if (found.length === 0) return passed("none");
      return failed(found.map(exposureText).join("; "), found.map(exposureRemedy).join(" "));
    },
  },
];

/** Returns how to change a secret. A generated one is rotated by the tool; any other is used elsewhere as well. */
const otherValue = ({ what, made }: WeakSecret): string =>
  made === undefined
    ? `change the secret of ${what.split(" (", 1)[0]} where it is used, then in the place that glitchtip.yaml names`
    : `npx glitchtip-compose secrets rotate ${made}`;
