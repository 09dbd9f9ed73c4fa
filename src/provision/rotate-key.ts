import { CodedError } from "../base/errors.ts";
import { type GlitchTip, openClient } from "../glitchtip/client.ts";
import { createOnce } from "../glitchtip/create-once.ts";
import type { KeyOfRotation, KnownProject, Rotation } from "../glitchtip/identity.ts";
import type { Key } from "../glitchtip/wire/shapes.ts";
import type { RotateContext } from "./rotate.ts";

const GO_ON = "npx glitchtip-compose rotate";
const GO_BACK = "npx glitchtip-compose rotate --abort";

/** Stores what is about to happen, makes the key, stores that it is the project's. Publishes nothing. */
export async function makeKey(context: RotateContext, label: string, name: string): Promise<void> {
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
  use(context, name, { ...making, step: "made", successor: { id: made.id, key: made.public, proved: false } });
  log.info(`project ${project.slug}: made a new key`);
}

/** By id, never by the label alone: the retiring one may have the same. */
const madeSince = (keys: readonly Key[], label: string, before: readonly string[] = []): Key | undefined =>
  keys.find((key) => (key.label ?? key.name) === label && !before.includes(key.id));

/** A run in between took another key because the successor was deleted: nothing is lost, but apps have to get that one. */
export function followKey(context: RotateContext, name: string): void {
  const { store, log } = context;
  const { project } = open(context, name);
  const { rotation, ...settled } = project;
  if (rotation?.successor === undefined || rotation.successor.id === project.keyId) return;
  log.warn(`project ${project.slug}: the key that was to be used was deleted on the server; it goes on with another`);
  if (project.keyId === rotation.retiring.id) store.setProject(name, settled);
  else use(context, name, { ...rotation, step: "made", successor: keyOf(project) });
}

/** The same with the keys the other way round; where no key is in use yet the new one only goes. */
export async function turnBack(context: RotateContext, label: string, name: string): Promise<void> {
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
      remedy: `To end what was begun: ${GO_ON}`,
    });
  }
  const back = { retiringSinceMs };
  use(context, name, { step: "made", retiring: successor, successor: retiring, startedAtMs: clock.now(), back });
  log.info(`project ${project.slug}: back to its old key`);
}

/** Ends a rotation. The retiring key goes only while the one in use is known to be there. */
export async function retireKey(context: RotateContext, name: string, keepOld: boolean): Promise<void> {
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
        remedy: `For another one: ${GO_ON}; back to the old one: ${GO_BACK}`,
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

/** One write: the project's key is the successor. */
function use({ store }: RotateContext, name: string, rotation: Rotation & { successor: KeyOfRotation }): void {
  const project = store.projects[name];
  if (project === undefined) return;
  const { id: keyId, key, proved } = rotation.successor;
  store.setProject(name, { ...project, keyId, key, proved, rotation });
}

interface Opened {
  readonly glitchtip: GlitchTip;
  /** Organization and project. */
  readonly address: readonly [string, string];
  readonly project: KnownProject;
}

function open(context: RotateContext, name: string): Opened {
  const { token, organization, projects } = context.store;
  const project = projects[name];
  if (token === undefined || organization === undefined || project === undefined) {
    const remedy = "docker compose up -d --wait";
    throw new CodedError("GC1304", "the provisioner has not been through yet", { remedy });
  }
  return { glitchtip: openClient({ ...context, token }), address: [organization.slug, project.slug], project };
}
