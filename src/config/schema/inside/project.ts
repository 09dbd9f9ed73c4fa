import * as z from "zod/mini";
import { described, strictObject, text } from "../primitives.ts";
import { alert, jira } from "./alert.ts";
import { monitor } from "./monitor.ts";

/** Any text is taken as a slug and then has no address (projects). */
export const SLUG = /^[A-Za-z0-9_-]{1,50}$/;
export const slug = z.string().check(z.regex(SLUG, { error: "must be 1 to 50 letters, digits, - or _" }));

const key = strictObject(() => ({
  // Longer is a 500 (keys: "create with a long name").
  label: described(text(64), "Unique in its project."),
  rateLimit: described(
    z.optional(
      z.nullable(
        strictObject(() => ({
          window: described(z.int().check(z.minimum(1)), "In seconds."),
          count: described(z.int().check(z.minimum(1)), "Events that are taken within it."),
        })),
      ),
    ),
    "Set when the key is made; GlitchTip cannot change it later.",
  ),
}));

/** What a project holds beside what the provisioner needs. */
export const insideProject = {
  slug: described(z.optional(slug), "Its address. Default: what GlitchTip makes of the name; a later rename keeps it."),
  throttle: described(z.optional(z.int().check(z.minimum(0), z.maximum(100))), "Events that are dropped, in percent."),
  keys: described(z.optional(z.array(key)), "Its keys, each with a DSN of its own."),
  alerts: described(z.optional(z.array(alert)), "When somebody is told."),
  monitors: described(z.optional(z.array(monitor)), "What is watched."),
  jira: described(z.optional(jira), "Tickets by the Jira bridge of `server.jiraBridge`."),
};
