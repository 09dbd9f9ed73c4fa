import type { Declaration } from "./schema.ts";
import { type Problem, serverKind } from "./server.ts";

/** Whether the stack has the service that watches it: also for `notify` alone. */
export const hasCare = (declaration: Declaration): boolean =>
  declaration.care !== undefined || (declaration.notify?.length ?? 0) > 0;

/** What `care` and `notify` cannot mean, beyond single fields. */
export function careChecks(declaration: Declaration): Problem[] {
  const { notify = [] } = declaration;
  const key = declaration.care === undefined ? "notify" : "care";
  const foreign: Problem[] =
    hasCare(declaration) && serverKind(declaration) !== "bundled"
      ? [
          {
            path: [key],
            what: "is for the GlitchTip of this stack; one that is there already is watched where it runs",
            atKey: true,
          },
        ]
      : [];
  const names = notify.map(({ name, type }) => name ?? type);
  return [
    ...foreign,
    ...names.flatMap((name, i) =>
      names.indexOf(name) === i
        ? []
        : [{ path: ["notify", i, "name"], what: `"${name}" is there twice; give this one another name` }],
    ),
    ...notify.flatMap(({ type, secret }, i) =>
      type === "slack" && secret !== undefined
        ? [{ path: ["notify", i, "secret"], what: "is of no use to Slack, whose address is the secret" }]
        : [],
    ),
  ];
}
