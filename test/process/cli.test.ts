import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CliFolders, cliFolders, needsScript, runCli, startCli, startOnTerminal } from "../support/cli-process.ts";
import { mountSmallDisk } from "../support/small-disk.ts";

const COMPOSE = `services:
  api:
    image: example/api
    entrypoint: ["/entrypoint.sh"]
    command: ["serve"]
  web:
    image: example/web
`;

/** Every file with its text, as a whole. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

describe("help", () => {
  it("of the whole names every command", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: glitchtip-compose [options] [command]

      GlitchTip beside your Docker Compose services: one \`up\`, and the applications
      report errors.

      Options:
        -V, --version           output the version number
        -C, --directory <path>  the project's folder, instead of the current one
        --json                  data on stdout as JSON, talk on stderr
        --debug                 say more
        -h, --help              display help for command

      Set up:
        init                    put a GlitchTip beside your services, or a sample app
                                into an empty folder
        add                     give one more service a DSN
        remove                  a service no longer gets a DSN
        render                  bring the managed files up to date, your edits merged
                                in, and show how they change
        eject                   make managed files your own: they are no longer
                                written
        import                  the declaration, from app-interface's files or a
                                Terraform state; or another server's configuration
        lock                    pin the stack's images by their digests
        size                    what so many events a day need: topology, memory,
                                disk, Postgres, and why
        demo                    all of it in a temporary folder, up to an event read
                                back

      Run:
        up                      docker compose up, and before it the env files of apps
                                that take their DSN from one
        down                    stop and remove the project's containers; the data
                                stays
        restart                 restart web and worker, or what is named, and wait
                                until they are healthy
        migrate                 migrations, partitions and the cache's table, now
        upgrade                 another GlitchTip: backed up first, proved afterwards,
                                taken back where it fails
        rollback                back to before the last upgrade: its images, its
                                settings, its data
        build                   build what the project builds; what runs goes on
                                running
        push                    the stack's images into a registry of your own
        package                 create or verify a bundle for machines without
                                internet
        clean                   remove everything of the project from the engine, the
                                data as well

      Look:
        status                  what runs, what the provisioner did, which app has its
                                DSN
        doctor                  everything that stands in the way, each with its fix
        check                   whether the stack is fit for the world: each point of
                                the hardening table, with its reason
        verify                  send an event from each app's own container and read
                                it back
        logs                    what the services say, as one view; --errors for
                                failures alone
        load                    send real events to the running stack, and read every
                                accepted one back

      Inside the containers:
        shell                   a shell, or one command, in a service's container
        psql                    psql on GlitchTip's database, signed in
        redis-cli|valkey-cli    Valkey's own client, in its container
        manage                  GlitchTip's manage.py, with its environment
        user                    accounts: list, create, delete, password, role,
                                superuser, active …
        organization            organizations and their members: list, create, add,
                                remove …

      What the server holds:
        plan                    what would change; exit code 3 if anything would
        apply                   make the servers hold what is declared: alerts,
                                monitors, members, projects
        pull                    write what the servers hold into the declaration, its
                                comments kept
        alert                   test: send a test through an alert's recipients, where
                                the server can
        export                  what a server holds, in a file for another one
        provision               the provisioner's work without its container: from CI,
                                for a GlitchTip anywhere
        rotate                  give apps a new key, and delete the old one once
                                nobody uses it

      Care:
        backup                  whole copies of the stack's data: create, list,
                                verify, prune
        restore                 put a backup in the place of what is there, or into a
                                new stack
        secrets                 list, or rotate: the database's password, the secret
                                key, the admin's password, the token
        care                    the service that looks after the stack: run, restart,
                                report
        notify                  test: send a message to who is told of failures
        mail                    test: send a mail by GlitchTip's own settings, from
                                its own container

      For tests and for Compose:
        emulate                 run a GlitchTip in memory on loopback, for tests
                                without containers
        compose                 what Compose calls for services with \`inject:
                                provider\`

      Commands:
        help [command]          display help for command
      "
    `);
  });

  it("of init has every flag and lines to type", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, "init", "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: glitchtip-compose init [options]

      put a GlitchTip beside your services, or a sample app into an empty folder

      Options:
        --production                  HTTPS in front, closed to strangers, the worker
                                      apart; with --domain
        --domain <name>               the public name, such as errors.example.com
        --proxy <kind>                caddy (default), traefik, nginx or none
        --tls <mode>                  auto (default), internal or own
        --certificate <file>          tls own: the certificate with its chain (PEM)
        --key <file>                  tls own: its private key (PEM)
        --email-url <reference>       file:PATH or env:NAME of the mail server's
                                      address
        --no-preflight                production: do not look at the name in DNS and
                                      at ports 80 and 443
        --server-url <url>            a GlitchTip that is there already; none is
                                      started here
        --token <reference>           file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of
                                      an API token for it
        --token-file <path>           the same as --token file:PATH
        --admin-password <reference>  instead of a token: of the password of --email
        --container-url <url>         where containers reach it, such as
                                      http://host.docker.internal:8000
        --network <name>              a Docker network to join, where containers reach
                                      it there
        --ca-file <path>              the authority that signed its certificate (PEM)
        --app <service=project>       a service that gets a DSN, and its project;
                                      repeatable
        --entrypoint <service=json>   the image's entrypoint, where your file does not
                                      state one
        --command <service=json>      the image's command, where your file does not
                                      state one
        --email <address>             the administrator's e-mail address
        --organization <name>         the organization's name; default: the folder's
        --port <number>               GlitchTip's port on 127.0.0.1; default 8000
        --url <url>                   what browsers use; default http://localhost and
                                      the port
        --image <image>               GlitchTip's image; default glitchtip/glitchtip:6
        --topology <kind>             all-in-one, split or single-container
        --valkey <kind>               off or bundled
        --registration <state>        closed or open
        --size <events/days>          events a day and for how long they are kept,
                                      such as 50000/90d: limits by \`size\`
        --provisioner <how>           mount, build or image:NAME
        --pull                        fetch images that are not here, where only they
                                      know how an app starts
        --build                       build them, where the service has a build
        --dry-run                     only say what would be written
        --yes                         ask nothing
        -h, --help                    display help for command

      Global Options:
        -V, --version                 output the version number
        -C, --directory <path>        the project's folder, instead of the current one
        --json                        data on stdout as JSON, talk on stderr
        --debug                       say more

      Examples:
        glitchtip-compose init
        glitchtip-compose init --yes --app api=shop-api --app web=shop-web --organization Acme
        glitchtip-compose init --production --domain errors.example.com --email you@example.com --email-url file:./mail-url
        glitchtip-compose init --server-url https://errors.example.com --token env:GLITCHTIP_TOKEN --app api=shop-api
        glitchtip-compose init --app api=shop-api --entrypoint api='["docker-entrypoint.sh"]' --command api='["node","server.js"]'
      "
    `);
  });

  it("comes without any word, by help, and by help of a command, too", async () => {
    using folders = cliFolders();
    const whole = await runCli(folders, "--help");
    for (const words of [[], ["help"], ["-h"]]) expect(await runCli(folders, ...words)).toEqual(whole);
    expect(await runCli(folders, "help", "init")).toEqual(await runCli(folders, "init", "--help"));
  });

  it("of every command shows an example that begins as one types it", async () => {
    using folders = cliFolders();
    const { stdout } = await runCli(folders, "--help");
    const commands = [...stdout.matchAll(/^ {2}([a-z][a-z-]*) {2,}/gm)].map(([, name]) => name ?? "");
    expect(commands.length).toBeGreaterThan(6);
    for (const name of commands) {
      const help = await runCli(folders, name, "--help");
      expect(help, name).toMatchObject({ code: 0, stderr: "" });
      expect(help.stdout, name).toMatch(new RegExp(`\nExamples:\n {2}glitchtip-compose ${name}`));
      expect(help.stdout, name).toContain("--json");
    }
  });
});

it("--version says the package's version and nothing else", async () => {
  using folders = cliFolders();
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(await runCli(folders, "--version")).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: "" });
});

describe("wrong words", () => {
  it.each([
    [["nit"], "unknown command 'nit' (Did you mean init?)", "--help"],
    [["--jsom", "init"], "unknown option '--jsom' (Did you mean --json?)", "--help"],
    [["init", "--dryrun"], "unknown option '--dryrun' (Did you mean --dry-run?)", "init --help"],
    [["init", "--port"], "option '--port <number>' argument missing", "init --help"],
    [["init", "api"], "too many arguments for 'init'. Expected 0 arguments but got 1.", "init --help"],
    [["--debug"], "no command is given", "--help"],
  ])("%j end with 2, say what is wrong and where to look, and print no data", async (words, message, help) => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, ...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(`error GC1001: ${message}\n  → See: glitchtip-compose ${help}\n`);
    expect(filesOf(folders.project)).toEqual({});
  });

  it("several bad values are all named at once", async () => {
    using folders = cliFolders();
    const words = ["--port", "99999", "--topology", "star", "--app", "api", "--registration", "maybe"];
    const { code, stderr } = await runCli(folders, "init", ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error GC1001: these values cannot be used:$/m);
    for (const [flag, value] of [
      ["port", "99999"],
      ["topology", "star"],
      ["app", "api"],
      ["registration", "maybe"],
    ]) {
      expect(stderr).toContain(`  --${flag} ${value}: `);
    }
    expect(filesOf(folders.project)).toEqual({});
  });
});

describe("with --json an error", () => {
  it.each([
    ["of usage", ["init", "--nope", "--json"], "GC1001", 2],
    ["of a missing command", ["--json"], "GC1001", 2],
    ["of a value, the flag in front", ["--json", "init", "--port", "x"], "GC1001", 2],
    ["of an unanswered question", ["init", "--json", "-C", "PROJECT"], "GC1002", 2],
    ["of a folder without a project", ["status", "--json", "-C", "TEMPORARY"], "GC1108", 1],
  ])("%s is one line on stdout, and the same for a person on stderr", async (_, words, errorCode, exitCode) => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const real = words.map((word) => ({ PROJECT: folders.project, TEMPORARY: folders.temporary })[word] ?? word);
    const { code, stdout, stderr } = await runCli(folders, ...real);
    expect(code).toBe(exitCode);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code: errorCode, message: expect.any(String) });
    expect(stderr).toContain(`error ${errorCode}: ${error.message}\n`);
  });
});

it("--debug shows where an error came from", async () => {
  using folders = cliFolders();
  const { stderr } = await runCli(folders, "--debug", "status");
  expect(stderr).toMatch(/^debug: CodedError: .* has no glitchtip\.yaml\n {4}at /m);
});

describe("init", () => {
  it("in an empty folder writes a project, says what and what to type next", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, "init");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^made {5}compose\.glitchtip\.yaml$/m);
    expect(stdout).toMatch(/^next: docker compose up -d --wait$/m);
    const files = filesOf(folders.project);
    for (const name of ["glitchtip.yaml", "compose.yaml", "compose.glitchtip.yaml", ".env", ".glitchtip/with-dsn"]) {
      expect(Object.keys(files)).toContain(name);
    }
    const secrets = Object.entries(files).filter(([name]) => name.includes("/secrets/"));
    expect(secrets.length).toBeGreaterThan(2);
    for (const [, secret] of secrets) expect(stdout).not.toContain(secret);
    expect(folders.leftovers()).toEqual([]);
  });

  it("a second time changes nothing and says so", async () => {
    using folders = cliFolders();
    await runCli(folders, "init");
    const before = filesOf(folders.project);
    const { code, stdout } = await runCli(folders, "init");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^nothing to change$/m);
    expect(filesOf(folders.project)).toEqual(before);
  });

  it("--dry-run says what it would write and writes nothing", async () => {
    using folders = cliFolders();
    const { code, stdout } = await runCli(folders, "init", "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^would be made {5}glitchtip\.yaml$/m);
    expect(filesOf(folders.project)).toEqual({});
  });

  it("--json prints one value, and only that, on stdout", async () => {
    using folders = cliFolders();
    const { code, stdout } = await runCli(folders, "init", "--json");
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ nothingToChange: false, next: "docker compose up -d --wait" });
    expect(result.created).toContain("glitchtip.yaml");
  });

  it("works in another folder by -C, before the command or after it", async () => {
    for (const words of [
      ["-C", "PLACE", "init"],
      ["init", "--directory", "PLACE"],
    ]) {
      using folders = cliFolders();
      const real = words.map((word) => (word === "PLACE" ? folders.temporary : word));
      expect((await runCli(folders, ...real)).code).toBe(0);
      expect(filesOf(folders.project)).toEqual({});
      expect(Object.keys(filesOf(folders.temporary))).toContain("glitchtip.yaml");
    }
  });

  it("makes no folder for a mistyped -C: it says which one may be meant, or how to make it", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, "init", "--yes", "-C", "../my-shp");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(
      'error GC1001: -C ../my-shp: there is no such folder; did you mean "my-shop"?\n' +
        "  → For a new project: mkdir -p ../my-shp, then the same again.\n",
    );
    expect((await runCli(folders, "init", "-C", "../tmp/../my-shop")).code).toBe(0);
    expect((await runCli(folders, "status", "-C", "glitchtip.yaml")).stderr).toContain(
      "-C glitchtip.yaml: this is no folder",
    );
  });

  it("beside services, without a terminal, asks nothing: it says what to type", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const { code, stdout, stderr } = await runCli(folders, "init");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^error GC1002: /);
    expect(stderr).toContain("--app api=PROJECT");
    expect(stderr).toContain("web");
    expect(filesOf(folders.project)).toEqual({ "compose.yaml": COMPOSE });
  });

  it("beside services touches none of the user's files", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const { code } = await runCli(folders, "init", "--app", "api=shop-api");
    expect(code).toBe(0);
    expect(filesOf(folders.project)["compose.yaml"]).toBe(COMPOSE);
  });

  it("names a service that is not there, with the one that was meant", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const { code, stderr } = await runCli(folders, "init", "--app", "apo=shop-api");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error GC1104: .*did you mean "api"\?$/m);
    expect(filesOf(folders.project)).toEqual({ "compose.yaml": COMPOSE });
  });

  it("in a read-only folder names what it cannot write", async ({ skip }) => {
    using folders = cliFolders();
    using disk = mountSmallDisk(folders.project, 1 << 20, skip);
    disk.makeReadOnly();
    const { code, stderr } = await runCli(folders, "init");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error GC1501: \S+ cannot be written\n {2}→ Check who owns the folder/m);
  });

  it("on a full disk names what it cannot write, and is finished by the next run", async ({ skip }) => {
    using folders = cliFolders();
    using disk = mountSmallDisk(folders.project, 64 << 10, skip);
    const { code, stderr } = await runCli(folders, "init");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error GC1502: \S+: no space is left\n {2}→ Free some space/m);
    expect(Object.keys(filesOf(folders.project)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    disk.resize(4 << 20);
    expect(await runCli(folders, "init")).toMatchObject({ code: 0 });
  });
});

describe("init on a terminal", () => {
  const [RETURN, SPACE, CTRL_C] = ["\r", " ", "\u0003"];

  it("asks what the flags left open, and goes by the answers", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    await using run = startOnTerminal(folders, "init", "--organization", "Acme");
    await run.says("Which services report errors?");
    run.type(SPACE + RETURN);
    await run.says("Project of api");
    run.type(RETURN);
    await run.says("there already");
    run.type(RETURN);
    await run.says("e-mail address");
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(stdout).not.toContain("Organization\r\n");
    const declaration = filesOf(folders.project)["glitchtip.yaml"];
    expect(declaration).toContain("organization: Acme");
    expect(declaration).toMatch(/apps:\n {2}api: /);
  });

  it("asks nothing with --yes", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    await using run = startOnTerminal(folders, "init", "--yes");
    expect(await run.ended).toMatchObject({ code: 0 });
  });

  it("asks for the public domain where --production comes without one; without a terminal it names the flag", async ({
    skip,
  }) => {
    needsScript(skip);
    using folders = cliFolders();
    expect(await runCli(folders, "init", "--production")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--domain errors.example.com"),
    });
    await using run = startOnTerminal(folders, "init", "--production", "--no-preflight", "--organization", "Acme");
    await run.says("Public domain");
    run.type(`errors.example.com${RETURN}`);
    await run.says("e-mail address");
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toContain("production: { domain: errors.example.com }");
  });

  it("asks nothing a second time", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    await runCli(folders, "init");
    await using run = startOnTerminal(folders, "init");
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(stdout).toContain("nothing to change");
  });

  it("ends with 130 on Ctrl-C at a question, with the cursor shown again and nothing written", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    await using run = startOnTerminal(folders, "init");
    await run.says("Organization");
    run.type(CTRL_C);
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("error GC1003: stopped before anything was written");
    expect(stdout.lastIndexOf("\u001b[?25h")).toBeGreaterThan(stdout.lastIndexOf("\u001b[?25l"));
    expect(filesOf(folders.project)).toEqual({});
  });
});

/** Ends as a person ends it. */
async function interrupt(run: ReturnType<typeof startCli>, signal: NodeJS.Signals = "SIGINT") {
  run.kill(signal);
  return await run.ended;
}

const urlIn = (text: string): string => /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? "";
const answers = (url: string): Promise<number | undefined> =>
  fetch(`${url}/api/settings/`).then(
    ({ status }) => status,
    () => undefined,
  );

describe("emulate", () => {
  it("prints its address alone on stdout, answers there, and ends well with Ctrl-C", async () => {
    using folders = cliFolders();
    await using run = startCli(folders, "emulate", "--generation", "5.2");
    await run.says("Ctrl-C ends it");
    expect(run.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(run.stderr).toMatch(/^GlitchTip 5\.2 in memory; admin@example\.com, password \S+; Ctrl-C ends it\n$/);
    const url = urlIn(run.stdout);
    expect(await answers(url)).toBe(200);
    expect(await interrupt(run)).toMatchObject({ code: 0, signal: null });
    expect(await answers(url)).toBeUndefined();
    expect(folders.leftovers()).toEqual([]);
  });

  it("--json prints one line, and the password comes from a file", async () => {
    using folders = cliFolders();
    const passwordFile = join(folders.project, "pw");
    writeFileSync(passwordFile, "Correct-Horse-7\n");
    await using run = startCli(folders, "emulate", "--port", "0", "--password-file", passwordFile, "--json");
    await run.says("}\n");
    expect(JSON.parse(run.stdout)).toEqual({ url: urlIn(run.stdout) });
    expect(run.stderr).not.toContain("Horse");
    expect(await interrupt(run, "SIGTERM")).toMatchObject({ code: 0 });
  });

  it("names every value that cannot be used", async () => {
    using folders = cliFolders();
    const { code, stderr } = await runCli(folders, "emulate", "--generation", "7", "--port", "-1");
    expect(code).toBe(2);
    expect(stderr).toContain("  --generation 7: ");
    expect(stderr).toContain("  --port -1: ");
  });
});

describe("demo without containers", () => {
  it("goes the whole way and ends with the proof, on stdout as one value", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, "demo", "--no-containers", "--json");
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      mode: "processes",
      reason: "--no-containers was given",
      proof: {
        app: "app",
        project: "app",
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        error: expect.any(String),
        ms: expect.any(Number),
        appUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        glitchtipUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      },
    });
    expect(folders.leftovers()).toEqual([]);
    expect(filesOf(folders.project)).toEqual({});
  });

  const moments = [
    { moment: "the project is made", text: "made a project" },
    { moment: "the provisioner is at work", text: /made organization/ },
    { moment: "the app starts", text: /app: listening/ },
    { moment: "the event is awaited", text: "asking the app to fail" },
  ];
  it.each(moments)("ends with 130 on Ctrl-C while $moment, and leaves neither process nor file", async ({ text }) => {
    using folders = cliFolders();
    await using run = startCli(folders, "demo", "--no-containers");
    await run.says(text);
    const { code, stderr } = await interrupt(run);
    expect(stderr).toMatch(/^error GC1003: stopped by SIGINT$/m);
    expect(code).toBe(130);
    expect(folders.leftovers()).toEqual([]);
    expect(processesIn(folders)).toEqual([]);
  });
});

it("a demo whose terminal is closed takes everything away, too", async () => {
  using folders = cliFolders();
  await using run = startCli(folders, "demo", "--no-containers");
  await run.says(/app: listening/);
  expect(await interrupt(run, "SIGHUP")).toMatchObject({ code: 130 });
  expect(folders.leftovers()).toEqual([]);
  expect(processesIn(folders)).toEqual([]);
});

/** Command lines of processes that were started from these folders; Linux tells, elsewhere there is nothing to look at. */
function processesIn({ temporary }: CliFolders): string[] {
  let names: string[] = [];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {}
  return names.flatMap((name) => {
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, "utf8");
      return line.includes(temporary) ? [line.replaceAll("\0", " ")] : [];
    } catch {
      return [];
    }
  });
}

it("goes on without a reader: a closed pipe is no error", async () => {
  using folders = cliFolders();
  await using run = startCli(folders, "init", "--dry-run");
  run.closeStdout();
  expect(await run.ended).toMatchObject({ code: 0, stderr: "" });
});
