import * as z from "zod/mini";
import { QUEUE_NAMES } from "../engine.ts";
import { RUN_STATES } from "../run-store.ts";

export const errorSchema = z.object({
  code: z.string(),
  message: z.string(),
  /** The same text, where clients of FastAPI services look for it. */
  detail: z.string(),
  /** Marks the answer to a request that does not fit its description. */
  type: z.optional(z.literal("RequestValidationError")),
  remedy: z.optional(z.string()),
  problems: z.optional(z.array(z.string())),
  request_id: z.string(),
});

/** Every status that an operation may answer with besides its own. */
export const errorsOf = (...statuses: readonly number[]) =>
  Object.fromEntries(statuses.map((status) => [status, errorSchema]));

const name = z.string().check(z.minLength(1), z.maxLength(255));

export const askSchema = z.strictObject({
  servers: z._default(z.array(name).check(z.maxLength(10_000)), []),
  strict: z._default(z.boolean(), false),
});

export const freshSchema = z.strictObject({ fresh: z._default(z.enum(["true", "false"]), "false") });

const changeValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

export const changeSchema = z.object({
  field: z.string(),
  from: z.optional(changeValue),
  to: z.optional(changeValue),
});

const actionSchema = z.object({
  action_type: z.enum(["create", "update", "delete"]),
  instance: z.string(),
  organization: z.string(),
  project: z.optional(z.string()),
  alert_name: z.optional(z.string()),
  kind: z.string(),
  name: z.string(),
  changes: z.array(changeSchema),
  warning: z.optional(z.string()),
});

const remark = {
  instance: z.string(),
  organization: z.optional(z.string()),
  project: z.optional(z.string()),
  message: z.string(),
};

const reportSchema = z.object({
  status: z.enum(["success", "failed", "interrupted"]),
  actions: z.array(actionSchema),
  applied_actions: z.array(actionSchema),
  applied_count: z.int(),
  errors: z.array(z.string()),
  problems: z.array(z.object({ ...remark, code: z.optional(z.string()), remedy: z.optional(z.string()) })),
  warnings: z.array(z.object(remark)),
  undeclared: z.array(z.object({ ...remark, message: z.optional(z.string()), kind: z.string(), name: z.string() })),
});

export const runSchema = z.object({
  id: z.string(),
  kind: z.enum(QUEUE_NAMES),
  status: z.enum(RUN_STATES),
  reason: z.optional(z.string()),
  servers: z.array(z.string()),
  created_at: z.string(),
  started_at: z.optional(z.string()),
  finished_at: z.optional(z.string()),
  report: z.optional(reportSchema),
  error: z.optional(
    z.object({
      code: z.string(),
      message: z.string(),
      remedy: z.optional(z.string()),
      problems: z.optional(z.array(z.string())),
    }),
  ),
});

export const acceptedSchema = z.object({ id: z.string(), status: z.enum(RUN_STATES), status_url: z.string() });

export const idSchema = z.strictObject({ id: z.string().check(z.minLength(1), z.maxLength(64)) });

const TIMEOUT = "must be a whole number of seconds from 1 to 300";

export const timeoutSchema = z.strictObject({
  timeout: z.optional(
    z.string().check(
      z.regex(/^[1-9]\d{0,2}$/, { error: TIMEOUT }),
      z.refine((text) => Number(text) <= 300, { error: TIMEOUT }),
    ),
  ),
});

export const limitSchema = z.strictObject({
  limit: z._default(z.string().check(z.regex(/^([1-9]\d?|100)$/, { error: "must be a number from 1 to 100" })), "20"),
});

export const registeredSchema = z.object({
  name: z.string(),
  url: z.optional(z.string()),
  file: z.string(),
  /** The time of the last plan. */
  planned_at: z.optional(z.string()),
  status: z.enum(["unknown", "in sync", "drift", "failed"]),
  /** How many changes the last plan had. */
  drift: z.int(),
  errors: z.array(z.string()),
});

export const brokenSchema = z.object({
  file: z.string(),
  code: z.string(),
  message: z.string(),
  problems: z.array(z.string()),
});
