import type { CommandGroup } from "../command.ts";

export const INSIDE_COMMANDS: CommandGroup = {
  topic: "inside",
  heading: "Inside the containers:",
  commands: [
    {
      name: "shell",
      summary: "a shell, or one command, in a service's container",
      passThrough: "afterName",
      examples: [
        "glitchtip-compose shell",
        "glitchtip-compose shell db",
        "glitchtip-compose shell web ls -l /code/uploads",
        "glitchtip-compose shell --root api",
      ],
      load: () => import("../commands/shell.ts"),
    },
    {
      name: "psql",
      summary: "psql on GlitchTip's database, signed in",
      passThrough: "all",
      examples: [
        "glitchtip-compose psql",
        `glitchtip-compose psql -c "select count(*) from users_user"`,
        "glitchtip-compose psql -At -f - <report.sql",
      ],
      load: () => import("../commands/psql.ts"),
    },
    {
      name: "redis-cli",
      aliases: ["valkey-cli"],
      summary: "Valkey's own client, in its container",
      passThrough: "all",
      examples: ["glitchtip-compose redis-cli", "glitchtip-compose redis-cli info memory"],
      load: () => import("../commands/redis-cli.ts"),
    },
    {
      name: "manage",
      summary: "GlitchTip's manage.py, with its environment",
      passThrough: "all",
      examples: [
        "glitchtip-compose manage check",
        "glitchtip-compose manage showmigrations --plan",
        "glitchtip-compose manage shell",
        "glitchtip-compose manage -- --help",
      ],
      load: () => import("../commands/manage.ts"),
    },
    {
      name: "user",
      summary: "accounts: list, create, delete, password, role, superuser, active …",
      examples: [
        "glitchtip-compose user list",
        "glitchtip-compose user info ann@example.com",
        "glitchtip-compose user organizations ann@example.com --json",
        "glitchtip-compose user create ann@example.com --name Ann",
        "pass show ann | glitchtip-compose user create ann@example.com --password-file -",
        "glitchtip-compose user password ann@example.com --password-file ./new-password",
        "glitchtip-compose user role ann@example.com acme owner",
        "glitchtip-compose user superuser ann@example.com on",
        "glitchtip-compose user active ann@example.com off",
        "glitchtip-compose user update ann@example.com --email ann.lee@example.com",
        "glitchtip-compose user delete ann@example.com --dry-run",
      ],
      load: () => import("../commands/user.ts"),
    },
    {
      name: "organization",
      summary: "organizations and their members: list, create, add, remove …",
      examples: [
        "glitchtip-compose organization list",
        "glitchtip-compose organization info acme",
        'glitchtip-compose organization create "Acme Labs" --owner ann@example.com',
        "glitchtip-compose organization add acme bob@example.com --role manager",
        "glitchtip-compose organization remove acme bob@example.com --yes-delete bob@example.com",
      ],
      load: () => import("../commands/organization.ts"),
    },
  ],
};
