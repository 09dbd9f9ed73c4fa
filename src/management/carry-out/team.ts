import { createTeamOnce } from "../../glitchtip/create-once.ts";
import type { CarryOut } from "./run.ts";

export const carryOutTeam: CarryOut<"team"> = async (run, action) => {
  const { calls, addresses, store } = run;
  const organization = addresses.organization(action);
  switch (action.type) {
    case "create": {
      const { slug } = action.desired;
      const made = await createTeamOnce(run, calls.teams, organization, slug);
      store.setTeam(action.organization, slug, made.id);
      return {};
    }
    case "update":
      await calls.teams.rename(organization, action.slug ?? action.name, action.desired.slug);
      return {};
    case "delete": {
      // Somebody may have renamed it: only the id tells.
      const found = (await calls.teams.list(organization)).find(({ id }) => id === action.id);
      if (found === undefined) return { note: "was gone already" };
      await calls.teams.delete(organization, found.slug);
      return {};
    }
  }
};
