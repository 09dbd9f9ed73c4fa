import { didYouMean } from "../base/did-you-mean.ts";
import { careChecks } from "./care-checks.ts";
import { postgresChecks } from "./postgres-checks.ts";
import { productionChecks } from "./production.ts";
import type { Declaration } from "./schema.ts";
import { type Problem, serverKind } from "./server.ts";
import { serverChecks } from "./server-checks.ts";

/** Compose's own rule for the names of services. */
const SERVICE_NAME = /^[a-zA-Z0-9._-]+$/;

/** What no single field shows: names that have to exist elsewhere, doubles, and combinations that cannot run. */
export function crossChecks(declaration: Declaration): Problem[] {
  return [
    ...serverChecks(declaration),
    ...productionChecks(declaration),
    ...postgresChecks(declaration),
    ...careChecks(declaration),
    ...projectNames(declaration),
    ...apps(declaration),
  ];
}

function projectNames({ projects }: Declaration): Problem[] {
  const keyOf = new Map<string, string>();
  return Object.entries(projects).flatMap(([key, { name = key }]) => {
    const other = keyOf.get(name);
    keyOf.set(name, other ?? key);
    // GlitchTip would make shop and shop-2 of them, and nobody could tell which is which (projects scenario).
    return other === undefined
      ? []
      : [{ path: ["projects", key], what: `"${other}" and "${key}" have the same name, "${name}"` }];
  });
}

function apps(declaration: Declaration): Problem[] {
  const { apps, projects } = declaration;
  const kind = serverKind(declaration);
  return Object.entries(apps).flatMap(([service, app]) => {
    const problems: Problem[] = [];
    const problem = (what: string, ...path: PropertyKey[]) => problems.push({ path: ["apps", service, ...path], what });
    if (!SERVICE_NAME.test(service)) problem(`"${service}" cannot be the name of a service`);
    const { project, dsn } = app;
    if (project === undefined && dsn === undefined) problem("is missing", "project");
    if (project !== undefined && dsn !== undefined) {
      problem("the app has a DSN of its own, so it gets none from a project: take one of the two away", "project");
    } else if (project !== undefined && !Object.hasOwn(projects, project)) {
      problem(`there is no project "${project}"${didYouMean(project, Object.keys(projects))}`, "project");
    }
    if (dsn !== undefined && app.inject !== "entrypoint") {
      problem("a DSN of the app's own comes by its environment", "inject");
    }
    if (app.inject === "provider" && kind !== "existing") {
      problem(
        "Compose calls a provider before it starts anything, so it can only ask a GlitchTip that runs already: state server.url without server.image",
        "inject",
      );
    }
    if (app.inject === "env-file" && app.onFailure === "block") {
      problem(
        "an env-file cannot hold an app back: Compose starts it without a DSN as long as there is none",
        "onFailure",
      );
    }
    if (Array.isArray(app.variables)) {
      for (const [i, name] of app.variables.entries()) {
        if (app.variables.indexOf(name) !== i) problem(`"${name}" is there twice`, "variables", i);
      }
    }
    return problems;
  });
}
