import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMMAND_GROUPS, COMMANDS } from "../../../src/cli/registry/index.ts";
import { cliFolders, runCli } from "../../support/cli-process.ts";

describe("help", () => {
  it("begins with the commands that everybody needs, on a page of 22 lines", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(22);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toMatchInlineSnapshot(`
      "glitchtip-compose puts GlitchTip beside your Docker Compose services: one \`up\`,
      and the applications report errors.

      Start here:
        init       put a GlitchTip beside your services
        up         start everything
        verify     send an event from each app, and read it back
        status     what runs, and what to do about it
        doctor     what is wrong, each with its fix
        add        give one more service a DSN
        uninstall  take it all out again

      More:
        help all       every command
        help <topic>   a command, an error's code, or a group of commands:
                       set-up, run, inspect, inside, content, maintain, tools
        help docs      the guides; help production prints the one of that name

      Every command has --help with examples, --json, and -C <folder>.
      "
    `);
  });

  it("of all names every command", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, "help", "all");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: glitchtip-compose [options] [command]

      GlitchTip beside your Docker Compose services: one \`up\`, and the applications
      report errors.

      Options:
        -V, --version           output the version number
        -C, --directory <path>  the folder to work in, instead of the current one
        --json                  print data as JSON on stdout and messages on stderr
        --debug                 print debug messages
        -h, --help              display help for command

      Set up:
        init                    put GlitchTip beside your services, or create a sample
                                app in an empty folder
        add                     give one more service a DSN
        remove                  stop giving a service a DSN
        render                  bring the managed files up to date and merge your
                                edits
        eject                   make managed files your own, so that they are no
                                longer written
        import                  write the declaration from app-interface or Terraform,
                                or import a configuration
        lock                    pin the stack's images by digest
        uninstall               remove GlitchTip from the engine and from this folder
        size                    work out what a number of events per day needs
        demo                    run the whole path in a temporary folder, up to an
                                event read back

      Run:
        up                      start everything and wait until it is healthy
        down                    stop and remove the containers; the data stays
        restart                 restart web and worker, and wait until they are
                                healthy
        migrate                 run GlitchTip's migrations, and create its partitions
                                and cache table, now
        upgrade                 upgrade GlitchTip: a backup before, a proof after, a
                                rollback on failure
        rollback                go back to the state before the last upgrade
        build                   build the services that have a build section
        push                    push the stack's images to a registry of your own
        package                 create or verify a bundle for machines without
                                internet access
        clean                   remove GlitchTip's containers, data and built images
                                from the engine

      Inspect:
        status                  show what runs and what needs attention
        doctor                  find everything that stands in the way, each finding
                                with its fix
        check                   check the stack against the hardening table for
                                production
        verify                  send an event from each app's own container and read
                                it back
        password                print the administrator's password
        logs                    show the logs of all services in the order of time
        graph                   print the stack as a chart: services, networks,
                                volumes, ports, secrets
        load                    send real events to the running stack and read every
                                accepted one back

      Inside the containers:
        shell                   open a shell, or run one command, in a service's
                                container
        psql                    run psql on GlitchTip's database, signed in
        redis-cli|valkey-cli    run Valkey's own client in its container
        manage                  run GlitchTip's manage.py with the environment of its
                                processes
        user                    manage accounts: list, create, delete, password, role,
                                superuser and more
        organization            manage organizations and their members: list, create,
                                add, remove

      Server content:
        plan                    show what would change in the files and on the servers
        apply                   make the servers hold what is declared: alerts,
                                monitors, members, projects
        pull                    write what the servers hold into the declaration
        alert                   send a test through an alert's recipients, where the
                                server can
        export                  write a server's configuration into a file for another
                                server
        serve                   run a service that plans and applies by itself and by
                                request, for many servers
        provision               do the provisioner's work without its container, for
                                CI and for a GlitchTip anywhere
        rotate                  replace the keys of apps, and delete the old ones once
                                nothing uses them

      Maintain:
        backup                  create, list, verify, prune and fetch backups
        restore                 restore a backup, in place or into a new stack
        secrets                 list the stack's secrets, or rotate one
        care                    do now what the care service does by itself: run,
                                restart, report
        notify                  send a test message to everybody who is told of
                                failures
        mail                    send a test mail with GlitchTip's own settings, from
                                its own container

      For shells, tests and Compose:
        completion              print the completion script for bash, zsh, fish or
                                PowerShell
        emulate                 run a GlitchTip in memory, for tests without
                                containers
        compose                 answer Compose for services with \`inject: provider\`

      Commands:
        help [command]          display help for command
      "
    `);
  });

  it("of init has every flag and examples", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, "init", "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: glitchtip-compose init [options]

      put GlitchTip beside your services, or create a sample app in an empty folder

      Everyday:
        --app <service=project>       a service that gets a DSN, and its project;
                                      repeatable
        --no-apps                     GlitchTip alone: no service gets a DSN, with or
                                      without a Compose file
        --sample                      a sample app, also in a folder that is not empty
        --organization <name>         the organization's name; default: the folder's
        --email <address>             the administrator's e-mail address
        --port <number>               GlitchTip's port on 127.0.0.1; default 8000, or
                                      the next one that is free
        --dry-run                     only say what would be written
        --yes                         ask nothing

      In production:
        --production                  HTTPS, registration closed, the worker in its
                                      own container; with --domain
        --domain <name>               the public name, such as errors.example.com
        --proxy <kind>                caddy (default), traefik, nginx or none
        --tls <mode>                  auto (default), internal or own
        --certificate <file>          tls own: the certificate with its chain (PEM)
        --key <file>                  tls own: its private key (PEM)
        --no-preflight                production: do not check DNS and ports 80 and
                                      443

      An existing Traefik:
        --proxy-network <name>        proxy traefik: the network of your Traefik (a
                                      key of your Compose file, or a Docker network;
                                      default traefik)
        --cert-resolver <name>        proxy traefik: the name of its certificate
                                      resolver
        --proxy-entrypoint <name>     proxy traefik: the entrypoint that takes HTTPS
                                      (default websecure)

      Mail:
        --email-url <reference>       a reference to the mail server's address:
                                      file:PATH or env:NAME
        --email-host <name>           instead of --email-url: the mail server's name,
                                      from which init composes the address
        --email-port <number>         587 (STARTTLS, the default), 465 (TLS), or
                                      another port without TLS
        --email-user <name>           the user that signs in to the mail server
        --email-password-file <path>  a file with its password, which init reads once

      An existing GlitchTip:
        --server-url <url>            the address of an existing GlitchTip; none is
                                      started here
        --token <reference>           a reference to an API token for it: file:PATH,
                                      env:NAME or vault:MOUNT/PATH#FIELD
        --token-file <path>           the same as --token file:PATH
        --admin-password <reference>  instead of a token: a reference to the password
                                      of the account --email
        --container-url <url>         where containers reach it, such as
                                      http://host.docker.internal:8000
        --network <name>              a Docker network to join, if containers reach it
                                      there
        --ca-file <path>              the certificate authority that signed its
                                      certificate (PEM)

      The server:
        --url <url>                   what browsers use; default http://localhost and
                                      the port
        --image <image>               GlitchTip's image; default glitchtip/glitchtip:6
        --topology <kind>             all-in-one, split or single-container
        --valkey <kind>               off or bundled
        --registration <state>        closed or open
        --size <events/days>          events a day and how long they are kept, such as
                                      50000/90d; sets limits as \`size\` does

      Seldom needed:
        --entrypoint <service=json>   the image's entrypoint, if your Compose file
                                      states none
        --command <service=json>      the image's command, if your Compose file states
                                      none
        --service                     add the reconcile service, which reports drift,
                                      and plans and applies by request
                                      (docs/service.md)
        --discovery <how>             how Compose finds the generated file: override
                                      (compose.override.yaml) or env (COMPOSE_FILE in
                                      .env)
        --engine <name>               docker or podman; default: the engine that
                                      answers
        --provisioner <how>           mount, build or image:NAME

      Existing images and data:
        --pull                        pull missing images whose entrypoint and command
                                      are needed
        --build                       build them instead, where the service has a
                                      build section
        --take-over                   take over the stack and the data that exist
                                      under this Compose project's name

      Options:
        -h, --help                    display help for command

      Global Options:
        -V, --version                 output the version number
        -C, --directory <path>        the folder to work in, instead of the current
                                      one
        --json                        print data as JSON on stdout and messages on
                                      stderr
        --debug                       print debug messages

      Examples:
        npx glitchtip-compose init
        npx glitchtip-compose init --yes --app api=shop-api --app web=shop-web --organization Acme
        npx glitchtip-compose init --no-apps
        npx glitchtip-compose init --production --domain errors.example.com --email you@example.com --email-url file:./mail-url
        npx glitchtip-compose init --server-url https://errors.example.com --token env:GLITCHTIP_TOKEN --app api=shop-api
        npx glitchtip-compose init --app api=shop-api --entrypoint api='["docker-entrypoint.sh"]' --command api='["node","server.js"]'

      Exit codes:
        3  with --dry-run, where a declaration exists: something would change
      "
    `);
  });

  it("is shown without arguments, by -h, by help and by help COMMAND", async () => {
    using folders = cliFolders();
    const whole = await runCli(folders, "--help");
    for (const words of [[], ["help"], ["-h"]]) expect(await runCli(folders, ...words)).toEqual(whole);
    expect(whole.stdout).toContain("Start here:");
    expect(await runCli(folders, "help", "init")).toEqual(await runCli(folders, "init", "--help"));
  });

  it.each(COMMAND_GROUPS)("of the topic $topic names the commands of that group", async ({ topic, commands }) => {
    using folders = cliFolders();
    const { code, stdout } = await runCli(folders, "help", topic);
    expect(code).toBe(0);
    for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect(stdout.trimEnd().split("\n")).toHaveLength(commands.length + 1);
  });

  it("of every command in the registry has an example of that command", async () => {
    using folders = cliFolders();
    const { stdout } = await runCli(folders, "help", "all");
    const commands = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)(?:\|[a-z-]+)? {2,}/gm)].map(([, name]) => name ?? "");
    expect(commands.filter((name) => name !== "help")).toEqual(COMMANDS.map(({ name }) => name));
    const check = async (name: string) => {
      const help = await runCli(folders, name, "--help");
      expect(help, name).toMatchObject({ code: 0, stderr: "" });
      expect(help.stdout, name).toMatch(new RegExp(`\nExamples:\n {2}npx glitchtip-compose ${name}`));
      expect(help.stdout, name).toContain("--json");
      expect(help.stdout.replace(/\s+/g, " "), name).not.toMatch(/default: (?:\[\]|\{\}|undefined|null)/);
    };
    const left = COMMANDS.map(({ name }) => name);
    const worker = async () => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) await check(name);
    };
    await Promise.all([worker(), worker(), worker()]);
  });
});

it("--version prints the package's version and nothing else", async () => {
  using folders = cliFolders();
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  expect(await runCli(folders, "--version")).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: "" });
});
