import { CodedError } from "../../base/errors.ts";
import { type GlitchTip, openClient } from "../../glitchtip/client.ts";
import type { KeyOfRotation, KnownProject, Rotation } from "../../glitchtip/identity.ts";
import { createOnce } from "../../glitchtip/retry.ts";
import type { Key } from "../../glitchtip/wire/shapes.ts";
import type { RotationContext } from "./execute.ts";

const GO_ON = "npx glitchtip-compose rotate";
const GO_BACK = "npx glitchtip-compose rotate --abort";

/** Creates the new key, and stores it as the one of the project. Publishes nothing. */
export async function makeKey(context: RotationContext, label: string, name: string): Promise<void> {
  const { store, clock, log } = context;
  const { glitchtip, address, project } = open(context, name);
  if (project.rotation !== undefined && project.rotation.step !== "making") return;
  const list = () => glitchtip.keys(...address);
  let { rotation } = project;
  const resumed = rotation !== undefined;
  if (rotation === undefined) {
    const keysBefore = (await list()).map(({ id }) => id);
    rotation = { step: "making", retiring: keyOf(project), startedAtMs: clock.now(), keysBefore };
    store.setProject(name, { ...project, rotation });
  }
  const { keysBefore, ...making } = rotation;
  const look = async () => madeSince(await list(), label, keysBefore);
  const found = resumed ? await look() : undefined;
  const made = found ?? (await createOnce(context, () => glitchtip.createKey(...address, label), look));
  useSuccessor(context, name, { ...making, step: "made", successor: { id: made.id, key: made.public, proved: false } });
  log.info(`project ${project.slug}: created a new key`);
}

/** Finds our new key by its id: the label alone does not tell it from the retiring one. */
const madeSince = (keys: readonly Key[], label: string, before: readonly string[] = []): Key | undefined =>
  keys.find((key) => (key.label ?? key.name) === label && !before.includes(key.id));

/**
 * Follows a run in between that took another key because the new one was deleted: that key becomes the one that apps get.
 */
export function followKey(context: RotationContext, name: string): void {
  const { store, log } = context;
  const { project } = open(context, name);
  const { rotation, ...settled } = project;
  if (rotation?.successor === undefined || rotation.successor.id === project.keyId) return;
  log.warn(`project ${project.slug}: the chosen key was deleted on the server; another one is used`);
  if (project.keyId === rotation.retiring.id) store.setProject(name, settled);
  else useSuccessor(context, name, { ...rotation, step: "made", successor: keyOf(project) });
}

/** Swaps the old and the new key. When the new key is not in use yet it is only deleted. */
export async function turnBack(context: RotationContext, label: string, name: string): Promise<void> {
  const { store, clock, log } = context;
  const { glitchtip, address, project } = open(context, name);
  const { rotation, ...settled } = project;
  if (rotation === undefined || rotation.back !== undefined) return;
  const keys = await glitchtip.keys(...address);
  const { retiring, successor, startedAtMs: retiringSinceMs } = rotation;
  if (successor === undefined) {
    const made = madeSince(keys, label, rotation.keysBefore);
    if (made !== undefined) await glitchtip.deleteKey(...address, made.id);
    store.setProject(name, settled);
    return log.info(`project ${project.slug}: nothing was published yet; it keeps its key`);
  }
  if (!keys.some(({ id }) => id === retiring.id)) {
    throw new CodedError("GC1408", `the old key of project ${project.slug} is deleted: there is no way back`, {
      remedy: `To finish the rotation: ${GO_ON}`,
    });
  }
  const back = { retiringSinceMs };
  useSuccessor(context, name, {
    step: "made",
    retiring: successor,
    successor: retiring,
    startedAtMs: clock.now(),
    back,
  });
  log.info(`project ${project.slug}: back to its old key`);
}

/** Ends a rotation. Deletes the retiring key only while the key in use is there. */
export async function retireKey(context: RotationContext, name: string, keepOld: boolean): Promise<void> {
  const { store, log } = context;
  const { glitchtip, address, project } = open(context, name);
  const { rotation, ...settled } = project;
  if (rotation === undefined) return;
  const { successor, retiring } = rotation;
  if (rotation.step !== "published" || successor === undefined || successor.id !== project.keyId) {
    throw new CodedError("GC1408", `project ${project.slug}: its new key is not published`, { remedy: GO_ON });
  }
  if (!keepOld) {
    const ids = (await glitchtip.keys(...address)).map(({ id }) => id);
    if (!ids.includes(successor.id)) {
      throw new CodedError("GC1408", `project ${project.slug}: the key in use was deleted on the server`, {
        remedy: `To create another one: ${GO_ON}. To go back to the old one: ${GO_BACK}`,
      });
    }
    if (ids.includes(retiring.id)) await glitchtip.deleteKey(...address, retiring.id);
    log.info(`project ${project.slug}: deleted its ${rotation.back === undefined ? "old" : "new"} key`);
  }
  store.setProject(name, settled);
}

function keyOf({ slug, keyId: id, key, proved }: KnownProject): KeyOfRotation {
  if (id !== undefined && key !== undefined) return { id, key, proved };
  throw new CodedError("GC1901", `project ${slug} has no key after a run of the provisioner`);
}

/** Stores the new key as the one of the project, together with the rotation, in one write. */
function useSuccessor(
  { store }: RotationContext,
  name: string,
  rotation: Rotation & { successor: KeyOfRotation },
): void {
  const project = store.projects[name];
  if (project === undefined) return;
  const { id: keyId, key, proved } = rotation.successor;
  store.setProject(name, { ...project, keyId, key, proved, rotation });
}

interface RotatedKeyContext {
  readonly glitchtip: GlitchTip;
  /** The slugs of the organization and the project. */
  readonly address: readonly [string, string];
  readonly project: KnownProject;
}

function open(context: RotationContext, name: string): RotatedKeyContext {
  const { token, organization, projects } = context.store;
  const project = projects[name];
  if (token === undefined || organization === undefined || project === undefined) {
    const remedy = "docker compose up -d --wait";
    throw new CodedError("GC1304", "the provisioner has not finished yet", { remedy });
  }
  return { glitchtip: openClient({ ...context, token }), address: [organization.slug, project.slug], project };
}
