import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ProcessResult, RunOptions } from "../../../src/base/process.ts";
import { SERVICE_LABEL } from "../../../src/compose/labels.ts";
import { EngineApi, type InspectedContainer } from "./engine-api.ts";
import { type TestProject, temporaryProject } from "./project.ts";
import { until } from "./until.ts";

const OVERRIDE = "compose.test.yaml";
/** Where Compose finds the other two by itself. */
const ALL_FILES = `COMPOSE_FILE=compose.yaml:compose.override.yaml:${OVERRIDE}\n`;

/** A real GlitchTip's image in place of the stand-in (docs/development.md, "A real GlitchTip"). */
const REAL_IMAGE = process.env.GLITCHTIP_TEST_IMAGE;

/** The image and the generation of a stack for which a test names none. */
export const DEFAULT_SERVER = { image: REAL_IMAGE ?? "glitchtip/glitchtip:6", generation: generationOf(REAL_IMAGE) };

function generationOf(image = ":6"): string {
  return /:v?(4\.1|5\.1|5\.2|6)\b/.exec(image)?.[1] ?? "6";
}

/** A declaration that a test writes itself, with the real image. */
const withImage = (text: string): string =>
  REAL_IMAGE === undefined ? text : text.replace(/glitchtip\/glitchtip:[\w.-]+/g, REAL_IMAGE);

/** What a stack of such an image has beside the parts of generation 6, which is the stand-in's where a test names none. */
export const partsBeforeSix: readonly string[] =
  REAL_IMAGE !== undefined && /:v?[45]\./.test(REAL_IMAGE) ? ["glitchtip-valkey", "glitchtip-worker"] : [];

function withRealImage(flags: readonly string[]): readonly string[] {
  if (REAL_IMAGE === undefined || flags.includes("--server-url")) return flags;
  const at = flags.indexOf("--image");
  return at < 0 ? [...flags, "--image", REAL_IMAGE] : flags.with(at + 1, REAL_IMAGE);
}

/** A project on a real engine, as its user sees it. Disposing takes everything away that came of it. */
export class Stack implements AsyncDisposable {
  readonly project: TestProject;
  readonly #engine: EngineApi;

  private constructor(project: TestProject) {
    this.project = project;
    this.#engine = new EngineApi(project.name);
  }

  /** A folder with these files, before `init`. */
  static async in(files: Readonly<Record<string, string>> = {}): Promise<Stack> {
    const declaration = files["glitchtip.yaml"];
    const more = declaration === undefined ? {} : { "glitchtip.yaml": withImage(declaration) };
    return new Stack(await temporaryProject({ ...files, ...more }));
  }

  /** An empty folder after `init`: the sample app, organization Acme. */
  static async sample(...flags: string[]): Promise<Stack> {
    const stack = await Stack.in();
    await stack.init("--organization", "Acme", ...flags);
    return stack;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.project[Symbol.asyncDispose]();
  }

  get name(): string {
    return this.project.name;
  }

  read(path: string): string {
    return this.project.read(path);
  }

  write(path: string, text: string): void {
    // A new file each time: secrets are 0444.
    rmSync(join(this.project.dir, path), { force: true });
    this.project.write(path, text);
  }

  /** What a user does with an editor. */
  edit(path: string, before: string, after: string): void {
    const text = this.read(path);
    if (!text.includes(before)) throw new Error(`${path} does not hold ${before}:\n${text}`);
    this.write(
      path,
      text.replace(before, () => after),
    );
  }

  /** When and what a file was last written, for "nothing was". */
  stat(path: string): string {
    const { ino, size, mtimeMs } = statSync(join(this.project.dir, path));
    return `${ino} ${size} ${mtimeMs}`;
  }

  /** A further Compose file of the user's, the last in COMPOSE_FILE; without a text there is none any more. */
  override(text?: string): void {
    const others = this.read(".env").replace(ALL_FILES, "").replace(`:${OVERRIDE}`, "");
    const listed = others.replace(/^COMPOSE_FILE=.*$/m, `$&:${OVERRIDE}`);
    this.write(".env", text === undefined ? others : listed === others ? others + ALL_FILES : listed);
    if (text !== undefined) this.write(OVERRIDE, text);
  }

  async init(...flags: string[]): Promise<ProcessResult> {
    const ended = await this.project.cli(["init", "--yes", ...(this.#statesItsImage() ? flags : withRealImage(flags))]);
    if (ended.code !== 0) throw new Error(`init ended with ${ended.code}\n${ended.stderr}`);
    return ended;
  }

  /** Whether the declaration is there already and names the real image, a server elsewhere, or none at all. */
  #statesItsImage(): boolean {
    return (
      existsSync(join(this.project.dir, "glitchtip.yaml")) && /\b(image|url|dsn):/.test(this.read("glitchtip.yaml"))
    );
  }

  /** `docker compose …`; any exit code is a result. */
  compose(args: readonly string[], options: RunOptions = {}): Promise<ProcessResult> {
    return this.project.docker(["compose", ...args], options);
  }

  /** `docker compose up -d --wait`; another exit code than the expected one is an error that shows the logs. */
  async up({ ends = 0, args = [] }: { ends?: number; args?: readonly string[] } = {}): Promise<ProcessResult> {
    const ended = await this.compose(["up", "-d", "--wait", ...args]);
    if (ended.code === ends) return ended;
    throw new Error(`up --wait ended with ${ended.code}, not ${ends}\n${ended.stderr}\n${await this.logs()}`);
  }

  async logs(...services: string[]): Promise<string> {
    return await this.#engine.logs(services);
  }

  /** In the running container, without the wrapper. */
  exec(service: string, ...command: string[]): Promise<ProcessResult> {
    return this.#engine.exec(service, command);
  }

  /** In a new container of the service, in place of its program. */
  run(service: string, ...command: [string, ...string[]]): Promise<ProcessResult> {
    const [program, ...args] = command;
    return this.compose(["run", "--rm", "--no-deps", "-T", "--entrypoint", program, service, ...args]);
  }

  /** By service. */
  async containers(): Promise<Map<string, InspectedContainer>> {
    const all = await this.#engine.containers();
    return new Map(all.map((one) => [one.Config.Labels[SERVICE_LABEL] ?? "", one]));
  }

  async container(service: string): Promise<InspectedContainer> {
    const found = (await this.#engine.containers(service)).at(-1);
    if (found === undefined) throw new Error(`${this.name} has no container of ${service}`);
    return found;
  }

  /** One of the secrets that the setup service made: `db_password` and the like. */
  secret(name: string): Promise<string> {
    return this.readVolume(`glitchtip-${name.replace("_", "-")}`, "value");
  }

  /** Puts another value into the volume of a secret, as a hand would; `next` is what a rotation has not yet put in use. */
  async setSecret(name: string, value: string, file: "value" | "next" = "value"): Promise<void> {
    const script = 'rm -f "/volume/$2"; printf %s "$1" >"/volume/$2"; chmod 0444 "/volume/$2"';
    const { docker } = this.project;
    const mount = `${this.name}_glitchtip-${name.replace("_", "-")}:/volume`;
    const { code, stderr } = await docker([
      "run",
      "--rm",
      "-v",
      mount,
      "busybox:1",
      "sh",
      "-c",
      script,
      "sh",
      value,
      file,
    ]);
    if (code !== 0) throw new Error(`${name} could not be written\n${stderr}`);
  }

  readVolume(volume: string, path: string): Promise<string> {
    return this.#engine.readVolume(volume, path);
  }

  /** Path, inode, size, mode and time of every file: a file that is written again shows. */
  statVolume(volume: string): Promise<string> {
    const stat = ["-exec", "stat", "-c", "%n %i %s %a %y", "{}", ";"];
    return this.#engine.inVolume(volume, ["find", "/volume", "-type", "f", ...stat]);
  }

  /** Removes a volume, if it is there, and the containers of the services that use it. */
  async loseVolume(volume: string, ...services: string[]): Promise<void> {
    await this.compose(["rm", "-sf", ...services]);
    const { code, stderr } = await this.project.docker(["volume", "rm", "-f", `${this.name}_${volume}`]);
    if (code !== 0) throw new Error(stderr);
  }

  /** What the sample app answers to a browser; undefined while it does not. */
  async app<T = { readonly reporting: boolean }>(path = "/"): Promise<T | undefined> {
    try {
      const signal = AbortSignal.timeout(10_000);
      return (await (await fetch(`http://127.0.0.1:${this.project.ports.app}${path}`, { signal })).json()) as T;
    } catch {
      return undefined;
    }
  }

  /** The sample app, as soon as it answers. */
  answeringApp(withinMs = 30_000): Promise<{ readonly reporting: boolean }> {
    return until("the app answers", () => this.app(), withinMs);
  }

  /** What the service's program got from the wrapper. */
  async variable(service: string, name: string): Promise<string | undefined> {
    const { stdout } = await this.exec(service, "sh", "-c", "tr '\\0' '\\n' </proc/1/environ");
    const line = stdout.split("\n").find((line) => line.startsWith(`${name}=`));
    return line?.slice(name.length + 1);
  }
}

/** Takes away what was built for a project's single container, too, beside its containers. */
export async function removeBuilt(stack: Stack | undefined): Promise<void> {
  const image = stack && /glitchtip-compose\/all-in-one:[0-9a-f]+/.exec(stack.read("compose.override.yaml"))?.[0];
  await stack?.[Symbol.asyncDispose]();
  if (image !== undefined) await stack?.project.docker(["rmi", "-f", image], { cwd: "/" });
}
