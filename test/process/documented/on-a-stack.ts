/** What the pages name, as the stack of test/docker/commands.test.ts has it. */
const THERE: readonly (readonly [documented: RegExp, there: string])[] = [
  [/^-C \.\.\/shop /, ""],
  [/^verify api worker/, "verify api web"],
  [/^logs (?:NAME|care)/, "logs web"],
  [/^shell web ls -l \/code\/uploads/, "shell web ls -l /"],
  [/users_user/, "pg_class"],
  [/ann@example\.com/, "admin@example.com"],
  [/^uninstall --keep-data --confirm shop/, "uninstall --keep-data --dry-run"],
  // Without a terminal it wants to be told.
  [/^password$/, "password --show"],
  [/ \| .*$/, ""],
];

/** Lines that look at a running stack: test/docker/commands.test.ts runs each of them, in its own process. */
export const ON_A_STACK: readonly string[] = [
  'glitchtip-compose -C ../shop psql -c "select 1"',
  "glitchtip-compose doctor --bundle support.json",
  "glitchtip-compose verify api worker --json",
  "glitchtip-compose logs",
  "glitchtip-compose logs web",
  "glitchtip-compose logs care",
  "glitchtip-compose logs NAME --errors",
  "glitchtip-compose logs web --errors",
  "glitchtip-compose logs worker --errors",
  "glitchtip-compose logs worker db --since 10m",
  "glitchtip-compose logs migrate --tail all",
  "glitchtip-compose logs --errors",
  "glitchtip-compose logs --errors --since 1d",
  "glitchtip-compose logs --errors --json | jq -r .text",
  'glitchtip-compose psql -c "select count(*) from users_user"',
  "glitchtip-compose shell --root api",
  "glitchtip-compose shell web ls -l /code/uploads",
  "glitchtip-compose password",
  "glitchtip-compose password --show | pbcopy",
  "glitchtip-compose secrets list",
  "glitchtip-compose user organizations ann@example.com --json",
  "glitchtip-compose clean --dry-run",
  "glitchtip-compose clean --with-my-volumes --dry-run",
  "glitchtip-compose down --volumes --with-my-volumes uploads --dry-run",
  "glitchtip-compose uninstall --keep-data --confirm shop",
  "glitchtip-compose package create --dry-run",
  "glitchtip-compose push --to registry.example.com/glitchtip --dry-run",
];

/** Returns what is typed for a line. */
export const asTyped = (line: string): string =>
  THERE.reduce(
    (typed, [documented, there]) => typed.replace(documented, there),
    line.replace("glitchtip-compose ", ""),
  );
