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
        "npx glitchtip-compose shell",
        "npx glitchtip-compose shell db",
        "npx glitchtip-compose shell web ls -l /code/uploads",
        "npx glitchtip-compose shell --root api",
      ],
      load: () => import("../commands/shell.ts"),
    },
    {
      name: "psql",
      summary: "psql on GlitchTip's database, signed in",
      passThrough: "all",
      examples: [
        "npx glitchtip-compose psql",
        `npx glitchtip-compose psql -c "select count(*) from users_user"`,
        "npx glitchtip-compose psql -At -f - <report.sql",
      ],
      load: () => import("../commands/psql.ts"),
    },
    {
      name: "redis-cli",
      aliases: ["valkey-cli"],
      summary: "Valkey's own client, in its container",
      passThrough: "all",
      examples: ["npx glitchtip-compose redis-cli", "npx glitchtip-compose redis-cli info memory"],
      load: () => import("../commands/redis-cli.ts"),
    },
    {
      name: "manage",
      summary: "GlitchTip's manage.py, with its environment",
      passThrough: "all",
      examples: [
        "npx glitchtip-compose manage check",
        "npx glitchtip-compose manage showmigrations --plan",
        "npx glitchtip-compose manage shell",
        "npx glitchtip-compose manage -- --help",
      ],
      load: () => import("../commands/manage.ts"),
    },
    {
      name: "user",
      summary: "accounts: list, create, delete, password, role, superuser, active …",
      examples: [
        "npx glitchtip-compose user list",
        "npx glitchtip-compose user info ann@example.com",
        "npx glitchtip-compose user organizations ann@example.com --json",
        "npx glitchtip-compose user create ann@example.com --name Ann",
        "pass show ann | npx glitchtip-compose user create ann@example.com --password-file -",
        "npx glitchtip-compose user password ann@example.com --password-file ./new-password",
        "npx glitchtip-compose user role ann@example.com acme owner",
        "npx glitchtip-compose user superuser ann@example.com on",
        "npx glitchtip-compose user active ann@example.com off",
        "npx glitchtip-compose user update ann@example.com --email ann.lee@example.com",
        "npx glitchtip-compose user delete ann@example.com --dry-run",
      ],
      load: () => import("../commands/user.ts"),
    },
    {
      name: "organization",
      summary: "organizations and their members: list, create, add, remove …",
      examples: [
        "npx glitchtip-compose organization list",
        "npx glitchtip-compose organization info acme",
        'npx glitchtip-compose organization create "Acme Labs" --owner ann@example.com',
        "npx glitchtip-compose organization add acme bob@example.com --role manager",
        "npx glitchtip-compose organization remove acme bob@example.com --confirm bob@example.com",
      ],
      load: () => import("../commands/organization.ts"),
    },
  ],
};
