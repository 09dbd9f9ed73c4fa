import { CodedError } from "../../base/errors.ts";
import type { Kind, Remark } from "../../reconcile/index.ts";
import type { Connected } from "../connect.ts";
import type { DeclaredServer } from "../declared.ts";
import { generationFor } from "../look.ts";
import { observeServer } from "../observe.ts";
import { coded, type ReportedProblem } from "../report.ts";
import type { Brought, Seen } from "./bring-in.ts";
import type { SecretKeeper } from "./keep-secrets.ts";
import { placeStatusPages } from "./status-pages.ts";
import { widened } from "./widen.ts";

export type SeenServer = Seen & {
  readonly unread: readonly ReportedProblem[];
  /** What has no place in any declaration, whatever that says. */
  readonly left: readonly Remark[];
  /** Its ids, where all of it was read. */
  remember(brought: Brought): void;
};

/** Everything that one server has of what is declared or asked for. Throws where it let nobody in. */
export async function seeServer(
  { context, desired, resolve }: Pick<Connected, "context" | "desired" | "resolve">,
  declared: DeclaredServer,
  asked: ReadonlySet<Kind>,
  keeper: SecretKeeper,
): Promise<SeenServer> {
  const wide = widened(desired, asked);
  const whole = wide.listsOrganizations && wide.manages.includes("organization");
  const everything = { ...wide, organizations: whole ? [] : wide.organizations };
  const { observed: found, problems } = await observeServer(context, everything, { everything: true });
  if (found === undefined) throw problems[0]?.error ?? new CodedError("GC1901", `${desired.name} was not read`);
  const pagesAreWanted = whole || wide.organizations.some(({ statusPages }) => statusPages !== undefined);
  const { observed, left } = pagesAreWanted
    ? await placeStatusPages(context.calls, found, desired)
    : { observed: found, left: [] };
  return {
    instance: desired.name,
    left: left.map((message) => ({ instance: desired.name, message })),
    observed,
    generation: generationFor(declared, observed.version).generation,
    known: context.store.known,
    asked,
    keeper,
    resolve,
    unread: problems.map(({ error, kind: _, ...remark }) => coded(remark, error)),
    remember({ plan }) {
      if (problems.length === 0 && plan.errors.length === 0) context.store.replace(plan.known);
    },
  };
}

/** Of what is more. */
export const remarkOf = ({ instance, organization, project, message }: Remark): Remark => ({
  instance,
  ...(organization === undefined ? {} : { organization }),
  ...(project === undefined ? {} : { project }),
  message,
});
