import { CodedError } from "../../base/errors.ts";
import type { ProcessResult } from "../../base/process.ts";
import { Secret } from "../../base/secret.ts";
import { dsnFileInApp } from "../../config/dsn-volumes.ts";
import type { Declaration } from "../../config/schema.ts";
import { type Container, type Docker, lastLines } from "../../docker/index.ts";
import { parseDsn } from "../../glitchtip/dsn.ts";
import { sendEvent } from "../../glitchtip/ingest.ts";
import { openTransport, type Transport } from "../../glitchtip/transport.ts";
import { openHttp } from "../../http/client.ts";
import type { HttpAnswer } from "../../http/http.ts";
import {
  containerOf,
  dotenvDsn,
  NO_DSN_EXIT,
  type RunningStack,
  readDsnFile,
  STARTED_WITHOUT_OURS,
  stackNotStarted,
} from "../../running/index.ts";
import { PROVISIONER } from "../../stack/service-names.ts";
import { providedDsn } from "../provider.ts";
import type { AppToVerify, EventSender, TestEvent } from "./verify.ts";

/** The exit code of templates/send-event when the image has none of the tools that it knows. */
const NO_TOOL = 69;
/** The exit codes of a shell and of the engine for a program that is not there. */
const NO_SHELL = [126, 127];
const SEND_WITHIN_MS = 60_000;
/** The same as in templates/send-event: all events of a project are one issue, which each run resolves again. */
const FINGERPRINT = "glitchtip-compose: verify";

/** Returns the DSN of an app that has it on this machine: from a dotenv file, or from a Compose provider. Throws GC1605. */
export const dsnOnThisMachine = (dir: string, declaration: Declaration, app: string, variable: string): Secret =>
  declaration.apps[app]?.host
    ? dotenvDsn(dir, declaration, app, variable)
    : providedDsn(dir, declaration, app, variable);

/** Sends from inside of each app's running container, through its own wrapper: only that shows which DSN the app has. */
export function containerSender(
  docker: Docker,
  stack: RunningStack,
  sendEventScript: string,
  env: Readonly<Record<string, string | undefined>>,
  /** Returns the DSN of an app that has it from a Compose provider, or from a dotenv file on this machine. */
  provided: (app: string, variable: string) => Secret,
): EventSender {
  if (stack.containers.length === 0) throw stackNotStarted(stack.config.name);
  const sendFromHere = async (dsn: Secret, event: TestEvent, signal: AbortSignal) => {
    await sendByHand((url) => openTransport(openHttp, url, { env }), dsn, event, signal);
    return { via: "this machine" };
  };
  return async (app, event, signal) => {
    if (app.onHost) return await sendFromHere(provided(app.name, app.variable), event, signal);
    const container = appContainer(stack, app.name);
    const dsn =
      app.providedAs === undefined ? await dsnInVolume(stack, app, container) : provided(app.name, app.variable);
    // Containers may not reach the address in a browser's DSN.
    if (app.audience !== "container" && container.networkMode !== "host") {
      return await sendFromHere(dsn, event, signal);
    }
    const args = ["exec", "-i", container.id, ...(isWrapped(app) ? wrapperOf(container, app.name) : [])];
    const script = ["sh", "-s", "--", event.id, event.text, app.providedAs ?? app.variable];
    const result = await docker.cli([...args, ...script], {
      stdin: sendEventScript,
      signal,
      deadlineMs: SEND_WITHIN_MS,
    });
    if (result.code === 0) return { via: /^via=(\S+)/m.exec(result.stdout)?.[1] ?? "sh" };
    if (!lacksTools(result)) throw notAccepted(app, result);
    await sendByHand(sidecarTransport(docker, container, imageOf(stack)), dsn, event, signal);
    return { via: "sidecar" };
  };
}

/** Sends for all apps but for those that were started without our Compose file. Throws GC1605 for these. */
export const senderOfWrapped =
  (send: EventSender, withoutStackFile: readonly string[], remedy: string): EventSender =>
  async (app, event, signal) => {
    if (!withoutStackFile.includes(app.name)) return await send(app, event, signal);
    throw new CodedError("GC1605", `app ${app.name} ${STARTED_WITHOUT_OURS}`, { remedy });
  };

/** Returns the DSN that the app has in the volume. Throws GC1605. */
async function dsnInVolume(
  stack: RunningStack,
  { name: app, variable, byEnvFile }: AppToVerify,
  container: Container,
): Promise<Secret> {
  const file = dsnFileInApp(app);
  const text = byEnvFile ? await readDsnFile(stack, app) : await stack.engine.readFile(container.id, file);
  if (text === undefined) {
    throw new CodedError("GC1605", `app ${app} has no DSN yet: ${file} is not in its container`, {
      remedy: "docker compose logs glitchtip-provision shows why; then: docker compose up -d --wait",
    });
  }
  const start = `export ${variable}='`;
  const line = text.split("\n").find((one) => one.startsWith(start) && one.endsWith("'"));
  if (line === undefined) {
    throw new CodedError("GC1605", `app ${app}: ${file} does not set ${variable}`, {
      remedy: "npx glitchtip-compose init, then: docker compose up -d --wait",
    });
  }
  return new Secret(line.slice(start.length, -1));
}

function appContainer(stack: RunningStack, app: string): Container {
  const container = containerOf(stack, app);
  if (container?.state === "running") return container;
  const state = container === undefined ? "it has no container" : `${container.state}, exit code ${container.exitCode}`;
  if (container?.exitCode === NO_DSN_EXIT) {
    throw new CodedError("GC1605", `app ${app} is not running, because there was no DSN for it yet (${state})`, {
      remedy:
        "npx glitchtip-compose doctor shows why there is none; after you have fixed that: docker compose up -d --wait",
    });
  }
  throw new CodedError("GC1605", `app ${app} is not running (${state})`, {
    remedy: `docker compose up -d --wait ${app}; if it stops again: docker compose logs ${app}`,
  });
}

const isWrapped = ({ byEnvFile, providedAs }: AppToVerify): boolean => !byEnvFile && providedAs === undefined;

/** Returns the entrypoint up to the "--" that the generator puts before the app's own one. */
function wrapperOf({ entrypoint }: Container, app: string): readonly string[] {
  const end = entrypoint.indexOf("--");
  if (end > 0) return entrypoint.slice(0, end + 1);
  throw new CodedError(
    "GC1605",
    `the container of app ${app} does not start through the wrapper that gives it its DSN`,
    {
      remedy: `It is older than the generated file: docker compose up -d --wait ${app}`,
    },
  );
}

const lacksTools = ({ code, stderr }: ProcessResult): boolean =>
  code === NO_TOOL || (NO_SHELL.includes(code ?? 0) && /not found|no such file/i.test(stderr));

function notAccepted(app: AppToVerify, { code, stdout, stderr }: ProcessResult): CodedError {
  const status = /status=(\d+)/.exec(stdout)?.[1];
  const answer = status === undefined || status === "000" ? `exit ${code}` : `the server answered ${status}`;
  return new CodedError("GC1605", `the event of app ${app.name} was not accepted (${answer})`, {
    problems: lastLines(stderr, 3),
    remedy: "npx glitchtip-compose status shows the server's state.",
  });
}

function imageOf({ config }: RunningStack): string {
  const image = config.services[PROVISIONER]?.image;
  if (image !== undefined) return image;
  throw new CodedError(
    "GC1605",
    `the Compose project has no service ${PROVISIONER}, whose image could send the event`,
    {
      remedy: "npx glitchtip-compose init",
    },
  );
}

type OpenTransport = (baseUrl: string) => Transport;

async function sendByHand(open: OpenTransport, dsn: Secret, event: TestEvent, signal: AbortSignal): Promise<void> {
  const parts = parseDsn(dsn.reveal());
  if (parts === undefined) throw new CodedError("GC1605", "what the volume holds is no DSN");
  const transport = open(parts.baseUrl);
  try {
    await sendEvent(transport, parts, { id: event.id, message: event.text, fingerprint: FINGERPRINT }, signal);
  } finally {
    await transport.close();
  }
}

/** Reads one request from stdin, so that no argument list has the key in it, and writes the answer to stdout. */
const SIDECAR_PROGRAM = `import{exit,stderr,stdin,stdout}from"node:process";import{text}from"node:stream/consumers";
const{url,...init}=JSON.parse(await text(stdin));
try{const r=await fetch(url,{...init,redirect:"manual",signal:AbortSignal.timeout(15000)});
stdout.write(JSON.stringify({status:r.status,headers:Object.fromEntries(r.headers),text:await r.text()}))}
catch(e){stderr.write(String(e.cause??e));exit(1)}`;

/** Sends HTTP from a container of ours in the app's network, which resolves the same names and has the same routes. */
function sidecarTransport(docker: Docker, { id, name }: Container, image: string): OpenTransport {
  return (baseUrl) => ({
    baseUrl,
    async send({ path, ...init }, signal) {
      const network = `container:${id}`;
      const hardening = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"];
      const program = ["--entrypoint", "node", image, "--input-type=module", "-e", SIDECAR_PROGRAM];
      const result = await docker.cli(["run", "--rm", "-i", "--init", "--network", network, ...hardening, ...program], {
        stdin: JSON.stringify({ url: baseUrl + path, ...init }),
        signal,
        deadlineMs: SEND_WITHIN_MS,
      });
      if (result.code === 0) return JSON.parse(result.stdout) as HttpAnswer;
      throw new CodedError("GC1605", `no answer at ${baseUrl} from the network of ${name}`, {
        problems: lastLines(result.stderr, 3),
      });
    },
    async close() {},
  });
}
