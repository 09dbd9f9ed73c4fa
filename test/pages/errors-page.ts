import { CodedError, ERROR_CODES, type ErrorCode } from "../../src/base/errors.ts";

interface ErrorGuide {
  readonly cause: string;
  /** What to do, beyond what the message itself says. */
  readonly todo: string;
  /** The first line, as it is printed behind the code. */
  readonly example: string;
}

/** The compiler asks for a row for each code. */
const GUIDE: Readonly<Record<ErrorCode, ErrorGuide>> = {
  GC1001: {
    cause: "A command, an option or a value does not exist or does not go together with another one.",
    todo: "Correct the command line. `npx glitchtip-compose COMMAND --help` shows options and examples.",
    example: `unknown command 'statu'; did you mean "status"?`,
  },
  GC1002: {
    cause: "The command has a question, and there is no terminal to ask on.",
    todo: "Answer with the option that the message names.",
    example: `"Remove 3 volumes?" has no answer: there is no terminal to ask on`,
  },
  GC1003: {
    cause: "The command was interrupted by Ctrl-C or a signal.",
    todo: "Run the same command again; it goes on from where it stopped.",
    example: "stopped by SIGINT",
  },
  GC1101: {
    cause: "`glitchtip.yaml` has an unknown key, a value of the wrong kind, or values that contradict each other.",
    todo: "Correct each line that the message lists. All keys: [declaration.md](declaration.md).",
    example: "2 mistakes in glitchtip.yaml",
  },
  GC1102: {
    cause: "`glitchtip.yaml` is not valid YAML, or the file cannot be opened.",
    todo: "Correct the line that the message names, or the owner and mode of the file.",
    example: "glitchtip.yaml:7:3 cannot be read: All mapping items must start at the same column",
  },
  GC1103: {
    cause: "A Compose file of yours is not valid, or Compose reads your files without ours.",
    todo: "Check the file with `docker compose -f FILE config`. `npx glitchtip-compose doctor` says which files Compose reads.",
    example: "compose.yaml:3 cannot be read: Nested mappings are not allowed in compact mappings",
  },
  GC1104: {
    cause: "The named service or app is in none of the files.",
    todo: "Use one of the names that the message lists.",
    example: `there is no service wrker; did you mean "worker"?`,
  },
  GC1105: {
    cause:
      "A managed file was edited where this tool changes the same lines, or an import contradicts the declaration.",
    todo: "Take what you need from each `.new` file, delete it, and run the command again: [regeneration.md](regeneration.md).",
    example: "edited on lines that the tool changes too, so not overwritten: compose.override.yaml",
  },
  GC1106: {
    cause:
      "The wrapper starts the app's own program, and neither the Compose file nor an image on this machine states it.",
    todo: "Add `--pull` or `--build`, or state `command` (and `entrypoint`) in your Compose file.",
    example: "service api: its entrypoint and command come from the image acme/api:1, which is not here",
  },
  GC1107: {
    cause: "A reference (`file:`, `env:`, `vault:`) points to a file, a variable or a field that is missing or empty.",
    todo: "Write the file or set the variable that the message names: [secrets.md](secrets.md).",
    example: "admin.password: the variable GLITCHTIP_PASSWORD is not set",
  },
  GC1108: {
    cause: "The command works on a declaration, and this folder has none.",
    todo: "Change to the folder with `glitchtip.yaml`, name it with `-C`, or run `npx glitchtip-compose init`.",
    example: "there is no glitchtip.yaml",
  },
  GC1109: {
    cause: "Your Compose file has a name or a setting that ours cannot share.",
    todo: "Rename your service, network or volume, or remove what an earlier GlitchTip left behind.",
    example: "your Compose file and ours both have services glitchtip-db",
  },
  GC1110: {
    cause: "A line of `.env` cannot be read, or a value cannot be written so that all programs read the same.",
    todo: "Correct the line, or use a value without quotes, `$` and backslashes.",
    example: "GLITCHTIP_PORT in .env is no port: eighty",
  },
  GC1111: {
    cause:
      "The domain does not lead to this machine, port 80 or 443 is taken, the certificate does not fit, or a secret is weak.",
    todo: "Correct every point that the message lists: [production.md](production.md). `--no-preflight` skips DNS and ports.",
    example: "errors.example.com cannot be put into production like this; nothing was written",
  },
  GC1201: {
    cause: "Nothing answers at the server's address, or its name is not known.",
    todo: "Check that the stack runs (`npx glitchtip-compose status`) and that the address is right.",
    example: "GET http://127.0.0.1:8000/api/settings/: connection refused",
  },
  GC1202: {
    cause: "Something else answers at that address, or a GlitchTip of an unknown version.",
    todo: "Check address and port. Supported versions: [generations.md](generations.md).",
    example: "GET http://127.0.0.1:8000/api/settings/: 200 with text/html instead of JSON",
  },
  GC1203: {
    cause: "The server did not answer its settings in time. The message ends with its last answer.",
    todo: "Run the command again; on a slow machine the first migrations take minutes. `npx glitchtip-compose logs --errors`",
    example: "http://glitchtip:8000 was not ready within 300 s; last: connection refused",
  },
  GC1204: {
    cause: "The server's address leads elsewhere, usually from http to https.",
    todo: "Use the address of the redirect as `server.url`.",
    example: "GET http://errors.example.com/api/0/: 301, a redirect to https://errors.example.com/api/0/",
  },
  GC1205: {
    cause: "The server answered with a status of 500 or above.",
    todo: "Read its log: `npx glitchtip-compose logs web --errors`.",
    example: "POST http://127.0.0.1:8000/api/0/teams/acme/backend/projects/: 500",
  },
  GC1206: {
    cause: "The server does not accept the request: a value it does not allow, or a proxy that refuses it.",
    todo: "Correct the value that the server names. Where a page answers instead of the API, check `server.url` and the proxy.",
    example: "POST http://127.0.0.1:8000/api/0/organizations/: 422: name: too long",
  },
  GC1207: {
    cause: "The server limits how many requests it takes, and asks to wait longer than a command waits.",
    todo: "Wait, then run the command again.",
    example: "GET https://errors.example.com/api/0/organizations/: 429",
  },
  GC1208: {
    cause:
      "The connection ended before the answer was complete. Whether a change was made is looked up by the next run.",
    todo: "Run the command again.",
    example: "GET http://127.0.0.1:8000/api/0/projects/: the answer ended early",
  },
  GC1209: {
    cause: "The object was deleted while the command ran, or its name is wrong.",
    todo: "Check the name, then run the command again.",
    example: `prod has no project shop-apy; did you mean "shop-api"?`,
  },
  GC1210: {
    cause: "The server says that the object exists already, or that it changed meanwhile.",
    todo: "Look at it in GlitchTip, then run the command again.",
    example: "POST http://127.0.0.1:8000/api/0/organizations/acme/members/: 409",
  },
  GC1301: {
    cause: "The administrator's password is wrong, or there is no such account.",
    todo: "Correct it where `admin.password` points. Where the stack created it: `npx glitchtip-compose secrets rotate admin-password`",
    example: "http://glitchtip:8000: the password of admin@example.com was refused, or there is no such account",
  },
  GC1302: {
    cause: "The same wrong password is still in place. It is not tried again, because the server locks accounts.",
    todo: "As for GC1301.",
    example: "the password of admin@example.com was refused before and has not changed since",
  },
  GC1303: {
    cause: "The server has locked the account for a while.",
    todo: "Wait five minutes, correct the password, and run the command again.",
    example: "http://glitchtip:8000: too many attempts to sign in as admin@example.com",
  },
  GC1304: {
    cause: "The API token was deleted or belongs to another server.",
    todo: "Put a new one where `server.token` points (GlitchTip: Profile, Auth Tokens). Tokens of our own are replaced by the next run.",
    example: "GET https://errors.example.com/api/0/organizations/: 401",
  },
  GC1305: {
    cause: "The token lacks a scope, its account lacks the role, or the account has a second factor.",
    todo: "Create a token with the scopes that the message names: [existing-server.md](existing-server.md).",
    example: "POST https://errors.example.com/api/0/organizations/acme/teams/: 403: Permission denied",
  },
  GC1401: {
    cause: "The organization is found by its name, and several have it.",
    todo: "Rename or delete all but one in GlitchTip, or declare another name.",
    example: `2 organizations are called "Acme": acme, acme-1`,
  },
  GC1402: {
    cause: "The account is no superuser, and the server lets nobody else create organizations.",
    todo: "Sign in as a superuser, set ENABLE_ORGANIZATION_CREATION=true, or declare an organization that exists.",
    example: "the organization cannot be created: 403: Permission denied",
  },
  GC1403: {
    cause: "A slug on the server has characters that no path of its API can carry.",
    todo: "Give it a slug of letters, digits, `-` and `_` in GlitchTip.",
    example: `the server's address "a/b" cannot be used in a path`,
  },
  GC1404: {
    cause:
      "The key was deleted, or something still sends events with a deleted key, for which the server blocks the project for a while.",
    todo: "`docker compose up -d --wait`, then restart whatever still has the old DSN.",
    example: "project shop-api refuses its own key",
  },
  GC1405: {
    cause: "The server took the event, and its worker did not store it.",
    todo: "`npx glitchtip-compose logs worker --errors`, then `npx glitchtip-compose restart worker`.",
    example: "project shop-api: the event was accepted, but could not be read back within 60 s",
  },
  GC1406: {
    cause: "Another command or container changes the same workspace or server right now.",
    todo: "Wait until it ends. The message says who it is.",
    example: "npx glitchtip-compose up (process 4711) has been running for 12 s",
  },
  GC1407: {
    cause: "A project is found by its name, and several have it.",
    todo: "Rename or delete all but one in GlitchTip, or declare another name.",
    example: `2 projects are called "shop-api": shop-api, shop-api-2`,
  },
  GC1408: {
    cause: "A rotation was interrupted, or an app still uses the old key.",
    todo: "Run the same command again, or go back with `npx glitchtip-compose rotate --abort`.",
    example: "a change of db-password was interrupted and must be completed first",
  },
  GC1409: {
    cause: "The server or the declaration changed after `plan --out`.",
    todo: "Make a new plan and read it: `npx glitchtip-compose plan --out FILE`.",
    example: "the plan is out of date; nothing was changed",
  },
  GC1410: {
    cause: "The server's version cannot do what is declared, or an object on it stands in the way.",
    todo: "Change the declaration as the message says. What each version can do: [generations.md](generations.md).",
    example: "acme/shop-api: alert errors: this server has no recipients of type discord",
  },
  GC1501: {
    cause: "The file already exists, is read-only, or belongs to somebody else.",
    todo: "Correct its owner or mode, or name another file.",
    example: "glitchtip.yaml: permission denied",
  },
  GC1502: {
    cause: "The disk or the quota is full.",
    todo: "Free some space and run the command again. Nothing half-written stays.",
    example: "backups/glitchtip-20261121-031500Z needs about 1.2 GB, and 300 MB are free",
  },
  GC1601: {
    cause: "Docker does not run, or DOCKER_HOST or the context points elsewhere, or this user must not use the socket.",
    todo: "Start Docker, or do what the message says. `npx glitchtip-compose demo` needs no Docker.",
    example: "no Docker engine answers",
  },
  GC1602: {
    cause: "The engine or Compose is too old, or the Compose plugin is missing.",
    todo: "Install Docker Engine 25 and Compose 2.20.2 or newer.",
    example: "this engine cannot run the stack; nothing was started",
  },
  GC1603: {
    cause: "Another program or container has a port that the stack publishes.",
    todo: "Stop it, or set GLITCHTIP_PORT in `.env` to a free port.",
    example: "ports are taken; nothing was started",
  },
  GC1604: {
    cause: "Compose ended with an error. Its last lines are below the message.",
    todo: "Correct what Compose names. `npx glitchtip-compose doctor` finds the usual reasons.",
    example: "docker compose up failed",
  },
  GC1605: {
    cause: "A container ended with an error, is not healthy, or does not run.",
    todo: "`npx glitchtip-compose status` says which one, `npx glitchtip-compose logs NAME --errors` says why.",
    example: "glitchtip-init ended with 1",
  },
  GC1606: {
    cause: "A program such as `docker` is not installed or not on PATH.",
    todo: "Install it, then run the command again.",
    example: "docker cannot be started: it is not on PATH",
  },
  GC1607: {
    cause: "Only images that came from a registry have a digest.",
    todo: "`docker compose pull`, then `npx glitchtip-compose lock`.",
    example: "no image has a registry digest, so none can be pinned",
  },
  GC1608: {
    cause: "No mail server is declared, or it refused the mail. Its answer is below the message.",
    todo: "Correct the address where `mail.url` points, then `docker compose up -d --wait`.",
    example: "the mail server did not accept a test mail to ann@example.com",
  },
  GC1609: {
    cause: "A receiver of notifications or of an alert does not answer or refuses.",
    todo: "Correct its address, then `npx glitchtip-compose notify test`: [notifications.md](notifications.md).",
    example: "ops: the message was not accepted: 404",
  },
  GC1610: {
    cause: "An image is missing on this engine, has no tag of its own, or is in the registry already.",
    todo: "Pull, build or tag the images that the message lists.",
    example: "acme/api has no tag of its own",
  },
  GC1611: {
    cause: "Containers or volumes of this Compose project's name come from another folder.",
    todo: "Give one of the two another COMPOSE_PROJECT_NAME, or take the stack over with `--take-over`.",
    example: "the Compose project shop has data of another stack; nothing was written",
  },
  GC1701: {
    cause: "A reference `vault:` is declared, and Vault has no address, does not answer, or something else answers.",
    todo: "Correct VAULT_ADDR or `vault.url`: [secrets.md](secrets.md).",
    example: "a secret is in Vault, but its address is not known",
  },
  GC1702: {
    cause: "Vault does not accept the sign-in, or the policy does not allow the path.",
    todo: "Correct the token, AppRole or role, or extend the policy by the path that the message names.",
    example: "a secret is in Vault, but there is no way to sign in",
  },
  GC1801: {
    cause: "The dump of the database or the copy of the uploads failed. No backup was left behind.",
    todo: "Correct what the message names, then `npx glitchtip-compose backup create`.",
    example: "pg_dump failed",
  },
  GC1802: {
    cause: "The trial restore differs from what was dumped, or the restored server did not pass its check.",
    todo: "Do not rely on this backup. Look at the problems below the message and create another one.",
    example: "the trial restore differs from what was dumped",
  },
  GC1803: {
    cause: "The path is no backup, or a file of it is missing or damaged.",
    todo: "Choose another one: `npx glitchtip-compose backup list`.",
    example: "backups/glitchtip-20261121-031500Z is damaged",
  },
  GC1804: {
    cause: "The backup is of another version or another set-up than this stack.",
    todo: "Set `server.image` to the backup's version, restore, and upgrade from there.",
    example: "backups/glitchtip-20261121-031500Z is from GlitchTip 6, and this stack runs 5.2",
  },
  GC1805: {
    cause: "A restore was interrupted, or is running.",
    todo: "Run the same `restore` again, or go back with `npx glitchtip-compose restore --abort`.",
    example: "a restore of latest is under way (database)",
  },
  GC1806: {
    cause: "The passphrase or key is not the one the backup was created with.",
    todo: "Give the right one, or restore without the secrets: `--without-secrets`.",
    example: "the secrets of the backup do not open with this passphrase",
  },
  GC1807: {
    cause: "The S3 server does not answer or refuses: wrong endpoint, bucket or keys.",
    todo: "Correct `backup.target.s3` as the message says: [backup.md](backup.md).",
    example: "https://s3.example.com refuses PUT of glitchtip-20261121-031500Z: 403 AccessDenied",
  },
  GC1808: {
    cause: "There is no way from the running version to the wanted one, or the image cannot be had.",
    todo: "Follow the steps that the message names: [upgrade.md](upgrade.md).",
    example: "glitchtip/glitchtip:7 is not on this machine and cannot be pulled",
  },
  GC1809: {
    cause: "An upgrade was interrupted, or is running.",
    todo: "Run the same `upgrade` again, or go back with `npx glitchtip-compose rollback`.",
    example: "an upgrade to glitchtip/glitchtip:6 is under way",
  },
  GC1810: {
    cause: "A step of the upgrade failed. The stack runs its old version with its old data.",
    todo: "Correct what the message names, then upgrade again.",
    example: "the upgrade to glitchtip/glitchtip:6 failed; glitchtip/glitchtip:5.2 runs again, with its data",
  },
  GC1901: {
    cause: "A mistake in this tool, or a file of its package is missing.",
    todo: "Report it with the file that `npx glitchtip-compose doctor --bundle report.json` writes. It holds no secrets.",
    example: "a mistake in glitchtip-compose itself",
  },
  GC2001: {
    cause: "A request to the service has no bearer token, or one that is expired, revoked, or of another issuer.",
    todo: "Make a token: `npx glitchtip-compose serve token --subject NAME --secret REFERENCE`. [service.md](service.md)",
    example: 'Invalid token: unexpected "aud" claim value',
  },
  GC2002: {
    cause: "The token of a request to the service lacks the scope, or does not name the server.",
    todo: "Make a token with `--scope apply`, or with `--server GLOB`.",
    example: 'the token lacks the scope "apply"',
  },
  GC2003: {
    cause: "A request to the service brings an address or a secret that nobody allowed for its subject.",
    todo: "Add the pair to the file of `--compat`, or declare the server: [service.md](service.md).",
    example: "prod: ci may not use https://errors.example.com with the secret app/prod",
  },
  GC2004: {
    cause: "The body of a request to the service is no JSON, has unknown keys or wrong values, or is too large.",
    todo: "Correct each value that the answer lists. The API is described at `/openapi.json`.",
    example: "the request does not fit its description",
  },
  GC2005: {
    cause: "The service has no such path, or no such run of yours; runs are kept for a day.",
    todo: "See the paths at `/docs`, and your runs at `GET /api/v1/runs`.",
    example: "there is no such run or page",
  },
  GC2006: {
    cause: "A run of the service has not ended within the time that the request waits.",
    todo: "Ask again: the run goes on. A run may wait until another one has left the same server.",
    example: "Task still pending after 300s",
  },
  GC2007: {
    cause: "The Valkey, Redis or Postgres that holds the queue of the service does not answer.",
    todo: "Start it, and check the address of `--queue`. Runs that were accepted go on once it is back.",
    example: "the queue's engine does not answer",
  },
  GC2008: {
    cause: "A worker of the service was cut off from the queue, or another worker has taken its run over.",
    todo: "Nothing: the run is tried again, and starts with reading the server.",
    example: "https://errors.example.com: this run no longer holds the lock of the server; it writes nothing more",
  },
  GC2009: {
    cause:
      "The address of `--jwks` does not answer with the public keys of the tokens' issuer, or the file of `--revoked` cannot be read.",
    todo: "Start the issuer, or correct `--jwks` or `--revoked`. Tokens are accepted again once the keys and the file can be read.",
    example: "the keys of the tokens cannot be read from https://login.example.com/keys",
  },
};

const entries = Object.entries(ERROR_CODES) as [ErrorCode, string][];
const capital = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}`;
const exitCode = (code: ErrorCode): number => new CodedError(code, "").exitCode;

/** Returns the lines of docs/errors.md. */
export const errorsPage = (): string[] => [
  "# Errors",
  "",
  "An error says what failed with which value, and what to type next. Its code stays the same between versions.",
  "`npx glitchtip-compose help GC1203` prints the section of a code.",
  "",
  "| code | what it is | exit code |",
  "| --- | --- | --- |",
  ...entries.map(([code, title]) => `| [${code}](#${code.toLowerCase()}) | ${title} | ${exitCode(code)} |`),
  ...entries.flatMap(([code, title]) => {
    const { cause, todo, example } = GUIDE[code];
    return [
      "",
      `## ${code}`,
      "",
      `**${capital(title)}.** ${cause}`,
      "",
      `What to do: ${todo}`,
      "",
      "```",
      // An interrupt is no failure, and is told without its code.
      code === "GC1003" ? example : `error ${code}: ${example}`,
      "```",
    ];
  }),
];
