import { createOnce } from "../../glitchtip/create-once.ts";
import type { CarryOut } from "./run.ts";

/** The API makes them and does nothing else (monitors scenario). */
export const carryOutStatusPage: CarryOut<"statusPage"> = async (run, action) => {
  if (action.type !== "create") return {};
  const { calls, addresses } = run;
  const organization = addresses.organization(action);
  const { name, isPublic } = action.desired;
  const look = async () => (await calls.statusPages.list(organization)).find((page) => page.name === name);
  await createOnce(run, () => calls.statusPages.create(organization, { name, isPublic }), look);
  return {};
};
