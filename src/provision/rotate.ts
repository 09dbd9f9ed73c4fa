import * as z from "zod/mini";
import { CodedError } from "../base/errors.ts";
import { provisionedApps } from "../config/given-dsn.ts";
import type { ProvisionDeclaration } from "../config/provision-input.ts";
import type { KnownProject, Rotation } from "../glitchtip/identity.ts";
import type { ProvisionContext } from "./context.ts";
import { projectName } from "./desired.ts";
import { followKey, makeKey, retireKey, turnBack } from "./rotate-key.ts";

const VERBS = ["show", "begin", "abort", "finish"] as const;

/** Asked on stdin. */
export const rotateRequest = z.object({
  verb: z.enum(VERBS),
  /** None: the rotations that are under way, else every project that has an app. */
  apps: z._default(z.array(z.string()), []),
  keepOld: z._default(z.boolean(), false),
});
export type RotateRequest = z.infer<typeof rotateRequest>;

/** How far a project's rotation is; `none` only where it was asked about and not begun. */
export interface RotatingProject {
  /** The slug. */
  readonly project: string;
  readonly apps: readonly string[];
  readonly step: Rotation["step"] | "none";
  readonly publishedAtMs?: number;
  /** Set where the rotation is being taken back: before this nobody had the retiring key. */
  readonly retiringSinceMs?: number;
  /** The key on its way out, as a DSN has it. */
  readonly retiringKey: string;
}

export type RotateAnswer =
  | { readonly projects: readonly RotatingProject[] }
  | { readonly error: ReturnType<CodedError["toJSON"]> };

export interface RotateContext extends Pick<ProvisionContext, "transport" | "store" | "clock" | "signal" | "log"> {
  /** A whole run with its publication; throws where a DSN could not be confirmed. */
  provision(): Promise<void>;
}

/**
 * What of a rotation needs the token. Each step is stored before and after, so that a run that was killed anywhere is
 * gone on with, also after runs of the provisioner in between. Answers with the projects it was about, as they were
 * before `finish`.
 */
export async function rotateKeys(
  context: RotateContext,
  input: { readonly declaration: ProvisionDeclaration /** The name of keys we make. */; readonly label: string },
  { verb, apps, keepOld }: RotateRequest,
): Promise<RotatingProject[]> {
  const { declaration, label } = input;
  const { store } = context;
  const underWay = () => Object.keys(store.projects).filter((name) => store.projects[name]?.rotation !== undefined);
  const shown = (names: readonly string[]) =>
    names.flatMap((name) => rotatingProject(declaration, name, store.projects[name]) ?? []);
  switch (verb) {
    case "show":
      return shown(choose(declaration, apps, underWay()));
    case "begin": {
      const names = choose(declaration, apps, underWay());
      // First as it is: with a server that is not well nothing is begun.
      await context.provision();
      for (const name of underWay()) followKey(context, name);
      for (const name of names) await makeKey(context, label, name);
      await publish(context);
      return shown(names);
    }
    case "abort": {
      for (const name of underWay()) await turnBack(context, label, name);
      await publish(context);
      return shown(underWay());
    }
    case "finish": {
      const ended = shown(underWay());
      for (const name of underWay()) await retireKey(context, name, keepOld);
      return ended;
    }
  }
}

function choose(declaration: ProvisionDeclaration, apps: readonly string[], underWay: readonly string[]): string[] {
  if (apps.length === 0 && underWay.length > 0) return [...underWay];
  const wanted = apps.length === 0 ? Object.keys(declaration.apps) : apps;
  const names = wanted.map((app) => {
    const project = declaration.apps[app]?.project;
    if (project !== undefined) return projectName(declaration, project);
    throw new CodedError("GC1104", `app ${app} is not in the declaration the provisioner runs with`, {
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
    ...(rotation?.publishedAtMs === undefined ? {} : { publishedAtMs: rotation.publishedAtMs }),
    ...rotation?.back,
    retiringKey: (rotation?.retiring.key ?? project.key).replaceAll("-", ""),
  };
}

/** The usual run proves the new key by an event and puts its DSN into the volume. */
async function publish({ store, clock, provision }: RotateContext): Promise<void> {
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
