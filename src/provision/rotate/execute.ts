import * as z from "zod/mini";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { provisionedApps } from "../../config/app-sources.ts";
import type { ProvisionDeclaration } from "../../config/provision-input.ts";
import type { KnownProject, Rotation } from "../../glitchtip/identity.ts";
import type { ProvisionContext } from "../context.ts";
import { projectName } from "../desired.ts";
import { followKey, makeKey, retireKey, turnBack } from "./key-steps.ts";

const VERBS = ["show", "begin", "abort", "finish"] as const;

/** The request on stdin. */
export const rotateRequest = z.object({
  verb: z.enum(VERBS),
  /** The apps whose projects rotate; none means the rotations under way, else every project that has an app. */
  apps: z._default(z.array(z.string()), []),
  keepOld: z._default(z.boolean(), false),
});
export type RotateRequest = z.infer<typeof rotateRequest>;

/** How far the rotation of a project is; `none` is one that was asked about and has not begun. */
export interface RotatingProject {
  /** The slug of the project. */
  readonly project: string;
  readonly apps: readonly string[];
  readonly step: Rotation["step"] | "none";
  readonly publishedAtMs?: number;
  /** Set when the rotation is taken back: the time before which nobody had the retiring key. */
  readonly retiringSinceMs?: number;
  /** The key that is going to be deleted, as it stands in a DSN. */
  readonly retiringKey: string;
}

export type RotateAnswer =
  | { readonly projects: readonly RotatingProject[] }
  | { readonly error: ReturnType<CodedError["toJSON"]> };

export interface RotationContext extends Pick<ProvisionContext, "transport" | "store" | "clock" | "signal" | "log"> {
  /** Provisions and publishes. Throws when a DSN could not be confirmed. */
  provision(): Promise<void>;
}

/**
 * Executes the steps of a rotation that need the token, in the provisioner's container. Each step is stored before and
 * after, so that a rotation goes on after a kill at any point, and after other runs of the provisioner. Returns the
 * projects that it was about, in their state before `finish`.
 */
export async function executeRotation(
  context: RotationContext,
  input: {
    readonly declaration: ProvisionDeclaration;
    /** The name of keys that we create. */
    readonly label: string;
  },
  { verb, apps, keepOld }: RotateRequest,
): Promise<RotatingProject[]> {
  const { declaration, label } = input;
  const { store } = context;
  const underWay = () => Object.keys(store.projects).filter((name) => store.projects[name]?.rotation !== undefined);
  const shown = (names: readonly string[]) =>
    names.flatMap((name) => rotatingProject(declaration, name, store.projects[name]) ?? []);
  switch (verb) {
    case "show":
      return shown(chooseProjects(declaration, apps, underWay()));
    case "begin": {
      const names = chooseProjects(declaration, apps, underWay());
      // A run without changes comes first: no rotation begins with a server that is not well.
      await context.provision();
      for (const name of underWay()) followKey(context, name);
      for (const name of names) await makeKey(context, label, name);
      await publishKeys(context);
      return shown(names);
    }
    case "abort": {
      for (const name of underWay()) await turnBack(context, label, name);
      await publishKeys(context);
      return shown(underWay());
    }
    case "finish": {
      const ended = shown(underWay());
      for (const name of underWay()) await retireKey(context, name, keepOld);
      return ended;
    }
  }
}

/** Returns the names of the projects of these apps. Throws GC1104 for an app that is not declared. */
function chooseProjects(
  declaration: ProvisionDeclaration,
  apps: readonly string[],
  underWay: readonly string[],
): string[] {
  if (apps.length === 0 && underWay.length > 0) return [...underWay];
  const wanted = apps.length === 0 ? Object.keys(declaration.apps) : apps;
  const names = wanted.map((app) => {
    const project = declaration.apps[app]?.project;
    if (project !== undefined) return projectName(declaration, project);
    throw new CodedError("GC1104", `app ${app} is not in the declaration that the provisioner runs with`, {
      remedy: "npx glitchtip-compose init, then: docker compose up -d --wait",
    });
  });
  return [...new Set([...underWay, ...names])];
}

function rotatingProject(
  declaration: ProvisionDeclaration,
  name: string,
  project: KnownProject | undefined,
): RotatingProject | undefined {
  if (project?.key === undefined) return undefined;
  const { rotation } = project;
  const apps = Object.entries(provisionedApps(declaration)).filter(
    ([, app]) => projectName(declaration, app.project) === name,
  );
  return {
    project: project.slug,
    apps: apps.map(([app]) => app),
    step: rotation?.step ?? "none",
    ...defined({ publishedAtMs: rotation?.publishedAtMs }),
    ...rotation?.back,
    retiringKey: (rotation?.retiring.key ?? project.key).replaceAll("-", ""),
  };
}

/** The usual run proves the new keys by events and puts their DSNs into the volume. */
async function publishKeys({ store, clock, provision }: RotationContext): Promise<void> {
  const made = () =>
    Object.entries<KnownProject>(store.projects).filter(([, { rotation }]) => rotation?.step === "made");
  if (made().length === 0) return;
  await provision();
  for (const [name, project] of made()) {
    if (project.rotation === undefined) continue;
    const rotation: Rotation = { ...project.rotation, step: "published", publishedAtMs: clock.now() };
    store.setProject(name, { ...project, rotation });
  }
}
