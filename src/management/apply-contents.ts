import { defined } from "../base/defined.ts";
import { AnswerError } from "../glitchtip/answers.ts";
import type { AlertInput, MonitorInput, RecipientInput } from "../glitchtip/calls/alerts.ts";
import type { KeyInput } from "../glitchtip/calls/structure.ts";
import { createOnce } from "../glitchtip/retry.ts";
import {
  clearText,
  type DesiredAlert,
  type DesiredKey,
  type DesiredMonitor,
  type DesiredRecipient,
} from "../reconcile/index.ts";
import { type AppliedNote, type ApplyAction, type ApplyRun, isGone, newest } from "./apply-context.ts";

/** The address of a project. */
interface Place {
  readonly organization: string;
  readonly project: string;
}

export const applyAlert: ApplyAction<"alert"> = async (run, action) => {
  const { calls, addresses } = run;
  const place = { organization: addresses.organization(action), project: addresses.project(action).slug };
  const { organization, project } = place;
  switch (action.type) {
    case "create":
      return await create(run, place, action.desired);
    case "update": {
      if (action.desired.anew) {
        const done = await create(run, place, action.desired, action.id);
        await calls.alerts.delete(organization, project, action.id);
        return done;
      }
      return await update(run, place, action.desired, action.id);
    }
    case "delete":
      await calls.alerts.delete(organization, project, action.id);
      return {};
  }
};

/** Updates an alert. If it is gone, it is created again, or the one that somebody created meanwhile is updated. */
async function update(run: ApplyRun, place: Place, desired: DesiredAlert & SentBack, id: string): Promise<AppliedNote> {
  const { calls } = run;
  const { organization, project } = place;
  try {
    await calls.alerts.update(organization, project, id, alertInput(desired));
    return {};
  } catch (error) {
    if (!isGone(error)) throw error;
    const other = await find(run, place, desired.name);
    if (other === undefined) await create(run, place, desired);
    else
      await calls.alerts.update(
        organization,
        project,
        other.id,
        alertInput({ ...desired, unmanaged: other.unmanaged }),
      );
    return {
      note: `number ${id} was gone; ${other === undefined ? "created again" : `number ${other.id} was changed`}`,
    };
  }
}

async function find({ calls }: ApplyRun, { organization, project }: Place, name: string, butNot?: string) {
  const all = await calls.alerts.list(organization, project);
  return newest(all.filter((alert) => alert.name === name && alert.id !== butNot));
}

/**
 * Creates an alert. A create that fails halfway leaves an alert without recipients, which mails the whole team (alerts
 * scenario). So after an unknown outcome the list is read first; an alert that is there is updated, or deleted where that
 * fails.
 */
async function create(run: ApplyRun, place: Place, desired: DesiredAlert, butNot?: string): Promise<AppliedNote> {
  const { calls } = run;
  const { organization, project } = place;
  let failures = 0;
  let last: unknown;
  const make = async (): Promise<AppliedNote> => {
    try {
      await calls.alerts.create(organization, project, alertInput(desired));
    } catch (error) {
      failures++;
      last = error;
      throw error;
    }
    return failures === 0 ? {} : { note: `created on attempt ${failures + 1}` };
  };
  const look = async (): Promise<AppliedNote | undefined> => {
    const found = await find(run, place, desired.name, butNot);
    if (found === undefined) return undefined;
    await repair(run, place, found.id, desired);
    return { note: `the server failed with ${codeOf(last)}; the incomplete object was repaired` };
  };
  return await createOnce(run, make, look);
}

async function repair({ calls }: ApplyRun, { organization, project }: Place, id: string, desired: DesiredAlert) {
  try {
    await calls.alerts.update(organization, project, id, alertInput(desired));
  } catch (error) {
    await calls.alerts.delete(organization, project, id);
    throw error;
  }
}

const codeOf = (error: unknown): string => (error instanceof AnswerError ? String(error.status) : "no whole answer");

/** The server accepts the same name twice, so a monitor is addressed by its id. */
export const applyMonitor: ApplyAction<"monitor"> = async (run, action) => {
  const { calls, addresses } = run;
  const organization = addresses.organization(action);
  if (action.type === "delete") {
    await calls.monitors.delete(organization, action.id);
    return {};
  }
  const projectId = addresses.projectId(action);
  const input = monitorInput(action.desired, projectId);
  const find = async () => {
    const all = await calls.monitors.list(organization);
    const ofProject = all.filter(
      ({ name, projectID, project }) => name === input.name && (projectID ?? project ?? undefined) === projectId,
    );
    return newest(ofProject);
  };
  const create = async (): Promise<{ note?: string }> => {
    let failed = false;
    const look = async () => {
      failed = true;
      return await find();
    };
    const made = await createOnce(run, () => calls.monitors.create(organization, input), look);
    // What a failed create left behind may be incomplete.
    if (failed) await calls.monitors.update(organization, made.id, input);
    return failed ? { note: "the server failed; the incomplete object was repaired" } : {};
  };
  if (action.type === "create") return await create();
  try {
    await calls.monitors.update(organization, action.id, input);
    return {};
  } catch (error) {
    if (!isGone(error)) throw error;
    const other = await find();
    if (other === undefined) await create();
    else await calls.monitors.update(organization, other.id, { ...input, ...other.unmanaged });
    return {
      note: `number ${action.id} was gone; ${other === undefined ? "created again" : `number ${other.id} was changed`}`,
    };
  }
};

export const applyKey: ApplyAction<"key"> = async (run, action) => {
  const { calls, addresses } = run;
  const organization = addresses.organization(action);
  const project = addresses.project(action).slug;
  if (action.type === "delete") {
    await calls.keys.delete(organization, project, action.id);
    return {};
  }
  if (action.type === "create") {
    const look = async () => {
      const keys = await calls.keys.list(organization, project);
      return keys.find(({ label, name }) => (label ?? name) === action.desired.label);
    };
    await createOnce(run, () => calls.keys.create(organization, project, keyInput(action.desired)), look);
  }
  return {};
};

/** The API creates status pages and cannot change or delete them (monitors scenario). */
export const applyStatusPage: ApplyAction<"statusPage"> = async (run, action) => {
  if (action.type !== "create") return {};
  const { calls, addresses, store } = run;
  const organization = addresses.organization(action);
  const { name, isPublic } = action.desired;
  // The list has the pages of the account's other organizations, too, so one more than before is ours.
  const named = async () => (await calls.statusPages.list(organization)).filter((page) => page.name === name);
  const before = (await named()).length;
  const look = async () => {
    const [newestFirst, ...more] = await named();
    return more.length >= before ? newestFirst : undefined;
  };
  await createOnce(run, () => calls.statusPages.create(organization, { name, isPublic }), look);
  store.setStatusPage(action.organization, name);
  return {};
};

/** The fields that a PUT sends back as they were read. */
interface SentBack {
  readonly unmanaged?: Readonly<Record<string, unknown>> | undefined;
}

/** Converts what is wanted to the request's body. Secrets become text only here. */
export const alertInput = ({
  name,
  timespanMinutes,
  quantity,
  uptime,
  recipients,
  unmanaged,
}: DesiredAlert & SentBack): AlertInput => ({
  ...unmanaged,
  name,
  timespanMinutes,
  quantity,
  uptime,
  alertRecipients: recipients.map(recipientInput),
});

function recipientInput({ type, url, tagsToAdd, zulip, unmanaged }: DesiredRecipient): RecipientInput {
  const text = clearText(url);
  return {
    ...unmanaged,
    recipientType: type,
    ...defined({ url: text || undefined, tagsToAdd }),
    ...(zulip === undefined ? {} : { ...zulip, apiKey: zulip.apiKey.reveal() }),
  };
}

export const keyInput = ({ label, rateLimit }: DesiredKey): KeyInput => ({
  name: label,
  ...defined({ rateLimit: rateLimit ?? undefined }),
});

export const monitorInput = (monitor: DesiredMonitor & SentBack, projectId: string | undefined): MonitorInput => ({
  ...monitor.unmanaged,
  monitorType: monitor.type,
  name: monitor.name,
  url: clearText(monitor.url),
  expectedStatus: monitor.expectedStatus,
  expectedBody: monitor.expectedBody,
  interval: monitor.intervalSeconds,
  timeout: monitor.timeoutSeconds,
  ...defined({ confirmationThreshold: monitor.confirmationThreshold }),
  project: projectId ?? null,
});
