import * as z from "zod/mini";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { ProvisionDeclaration } from "../config/provision-input.ts";
import { openClient } from "../glitchtip/client.ts";
import type { ProvisionContext } from "./context.ts";
import { projectName } from "./desired.ts";
import { readBack } from "./prove.ts";

/** The request on stdin: the events to look for, and whether to resolve their issues. */
export const readBackRequest = z.object({
  withinMs: z._default(z.int().check(z.positive()), 60_000),
  resolve: z._default(z.boolean(), false),
  events: z.array(
    z.object({ app: z.string(), eventId: z.string().check(z.regex(/^[0-9a-f]{32}$/)), mark: z.string() }),
  ),
});
export type ReadBackRequest = z.infer<typeof readBackRequest>;

/** One line of the answer. `at` is the time at which the event could be read, in milliseconds since the epoch. */
export type ReadBackLine =
  | {
      readonly app: string;
      readonly eventId: string;
      readonly found: true;
      readonly project: string;
      /** The address of its page; an older provisioner does not say it. */
      readonly organization?: string;
      readonly projectId?: string;
      readonly issueId?: string;
      readonly at: number;
    }
  | {
      readonly app: string;
      readonly eventId: string;
      readonly found: false;
      readonly error: { code: string; message: string };
    };

/**
 * Looks for events that apps sent, with the token of the last run, and reports a line as soon as the result for an event
 * is known. Resolves to true when all were found.
 */
export async function readBackEvents(
  context: Pick<ProvisionContext, "transport" | "store" | "clock" | "signal">,
  declaration: ProvisionDeclaration,
  request: ReadBackRequest,
  say: (line: ReadBackLine) => void,
): Promise<boolean> {
  const { store } = context;
  const { token, organization } = store;
  if (token === undefined || organization === undefined) {
    throw new CodedError("GC1304", "the provisioner has not finished yet", {
      remedy: "docker compose up -d --wait",
    });
  }
  const glitchtip = openClient({ ...context, token });
  const one = async ({ app, eventId, mark }: ReadBackRequest["events"][number]): Promise<ReadBackLine> => {
    try {
      const project = store.projects[projectName(declaration, declaration.apps[app]?.project ?? "")];
      if (project === undefined) {
        throw new CodedError("GC1104", `app ${app} is not in the declaration that the provisioner ran with`, {
          remedy: "Run npx glitchtip-compose init, then docker compose up -d --wait",
        });
      }
      const address = { organization: organization.slug, project: project.slug };
      const event = await readBack({ ...context, glitchtip }, address, () => [eventId], request);
      const at = context.clock.now();
      if (![event.title, event.message].some((text) => text?.includes(mark))) {
        throw new CodedError("GC1405", `project ${project.slug}: event ${eventId} came back with another text`);
      }
      if (request.resolve && event.groupID) await glitchtip.resolveIssue(organization.slug, event.groupID);
      const where = { organization: organization.slug, projectId: project.id, issueId: event.groupID ?? undefined };
      return { app, eventId, found: true, project: project.slug, ...defined(where), at };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      return { app, eventId, found: false, error: { code: error.code, message: error.message } };
    }
  };
  const lines = await Promise.all(
    request.events.map(async (event) => {
      const line = await one(event);
      say(line);
      return line;
    }),
  );
  return lines.every(({ found }) => found);
}
