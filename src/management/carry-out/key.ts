import { createOnce } from "../../glitchtip/create-once.ts";
import { keyInput } from "../to-wire.ts";
import type { CarryOut } from "./run.ts";

export const carryOutKey: CarryOut<"key"> = async (run, action) => {
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
