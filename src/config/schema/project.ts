import * as z from "zod/mini";
import { DEFAULT_TEAM } from "../default-team.ts";
import { insideProject, slug } from "./inside/project.ts";
import { described, strictObject, text } from "./primitives.ts";

/** GlitchTip's own limits: projects scenario (64 characters), teams scenario (the slug's alphabet). */
export const PROJECT_NAME_LONGEST = 64;

export const project = strictObject(() => ({
  name: described(z.optional(text(PROJECT_NAME_LONGEST)), "Shown in GlitchTip. Default: the key."),
  team: described(z.optional(slug), `The team's slug. Default: ${DEFAULT_TEAM}, where the project has to be made.`),
  platform: described(z.optional(text(64)), "For example node-express; GlitchTip shows matching set-up help."),
  ...insideProject,
}));
