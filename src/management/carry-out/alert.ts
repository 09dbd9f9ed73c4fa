import { AnswerError } from "../../glitchtip/answers.ts";
import { outcomeUnknown } from "../../glitchtip/patience.ts";
import type { DesiredAlert } from "../../reconcile/index.ts";
import { alertInput } from "../to-wire.ts";
import { type CarryOut, type Done, isGone, newest, type Run } from "./run.ts";

/** Where the alerts of one project stand. */
interface Place {
  readonly organization: string;
  readonly project: string;
}

export const carryOutAlert: CarryOut<"alert"> = async (run, action) => {
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

/** Gone meanwhile: what is wanted is made again, unless somebody has done so. */
async function update(run: Run, place: Place, desired: DesiredAlert, id: string): Promise<Done> {
  const { calls } = run;
  const { organization, project } = place;
  try {
    await calls.alerts.update(organization, project, id, alertInput(desired));
    return {};
  } catch (error) {
    if (!isGone(error)) throw error;
    const other = await find(run, place, desired.name);
    if (other === undefined) await create(run, place, desired);
    else await calls.alerts.update(organization, project, other.id, alertInput(desired));
    return { note: `number ${id} was gone; ${other === undefined ? "made again" : `number ${other.id} was changed`}` };
  }
}

async function find({ calls }: Run, { organization, project }: Place, name: string, butNot?: string) {
  const all = await calls.alerts.list(organization, project);
  return newest(all.filter((alert) => alert.name === name && alert.id !== butNot));
}

const TRIES = 3;

/**
 * A create that fails in the middle leaves an alert without recipients, which mails the whole team (alerts scenario): after
 * an unknown outcome the list is looked at first, what is there is given all that is wanted, and where that fails it goes.
 */
async function create(run: Run, place: Place, desired: DesiredAlert, butNot?: string): Promise<Done> {
  const { calls, clock, signal } = run;
  const { organization, project } = place;
  const input = alertInput(desired);
  for (let tries = 1; ; tries++) {
    try {
      await calls.alerts.create(organization, project, input);
      return tries === 1 ? {} : { note: `made at the ${tries}. try` };
    } catch (error) {
      if (!outcomeUnknown(error)) throw error;
      await clock.sleep(500 * tries, signal);
      const found = await find(run, place, desired.name, butNot);
      if (found !== undefined) {
        await repair(run, place, found.id, desired);
        return { note: `the server failed with ${codeOf(error)}; what it left behind was repaired` };
      }
      if (tries >= TRIES) throw error;
    }
  }
}

async function repair({ calls }: Run, { organization, project }: Place, id: string, desired: DesiredAlert) {
  try {
    await calls.alerts.update(organization, project, id, alertInput(desired));
  } catch (error) {
    await calls.alerts.delete(organization, project, id);
    throw error;
  }
}

const codeOf = (error: unknown): string => (error instanceof AnswerError ? String(error.status) : "no whole answer");
