import { createOrganizationOnce } from "../../glitchtip/create-once.ts";
import { identityOf } from "../../glitchtip/identity.ts";
import type { CarryOut } from "./run.ts";

export const carryOutOrganization: CarryOut<"organization"> = async (run, action) => {
  const { calls, addresses, store } = run;
  switch (action.type) {
    case "create": {
      const { name } = action.desired;
      const made = await createOrganizationOnce(run, calls.organizations, name);
      store.setOrganization(action.organization, identityOf(made));
      addresses.madeOrganization(action.organization, made.slug);
      return {};
    }
    case "update":
      await calls.organizations.rename(addresses.organization(action), action.desired.name);
      return {};
    case "delete": {
      // An address may have gone to another one meanwhile: only the id tells.
      const found = (await calls.organizations.list()).find(({ id }) => id === action.id);
      if (found === undefined) return { note: "was gone already" };
      await calls.organizations.delete(found.slug);
      return {};
    }
  }
};
