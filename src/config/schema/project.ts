import * as z from "zod/mini";
import { described, text } from "./primitives.ts";

/** GlitchTip's own limits: projects scenario (64 characters), teams scenario (the slug's alphabet). */
export const PROJECT_NAME_LONGEST = 64;
const TEAM_SLUG = /^[A-Za-z0-9_-]{1,50}$/;

export const project = z.strictObject({
  name: described(z.optional(text(PROJECT_NAME_LONGEST)), "Shown in GlitchTip. Default: the key."),
  team: described(
    z._default(
      z.string().check(z.regex(TEAM_SLUG, { error: "must be 1 to 50 letters, digits, - or _" })),
      "developers",
    ),
    "The team's slug.",
  ),
  platform: described(z.optional(text(64)), "For example node-express; GlitchTip shows matching set-up help."),
});
