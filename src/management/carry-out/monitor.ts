import { createOnce } from "../../glitchtip/create-once.ts";
import { monitorInput } from "../to-wire.ts";
import { type CarryOut, isGone, newest } from "./run.ts";

/** The server takes the same name twice; its address is a number. */
export const carryOutMonitor: CarryOut<"monitor"> = async (run, action) => {
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
    // What a failed create left behind may lack anything.
    if (failed) await calls.monitors.update(organization, made.id, input);
    return failed ? { note: "the server failed; what it left behind was repaired" } : {};
  };
  if (action.type === "create") return await create();
  try {
    await calls.monitors.update(organization, action.id, input);
    return {};
  } catch (error) {
    if (!isGone(error)) throw error;
    const other = await find();
    if (other === undefined) await create();
    else await calls.monitors.update(organization, other.id, input);
    return {
      note: `number ${action.id} was gone; ${other === undefined ? "made again" : `number ${other.id} was changed`}`,
    };
  }
};
