import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import type { TestedRecipient } from "../glitchtip/calls/alerts.ts";
import { CAPABILITIES, GENERATIONS } from "../glitchtip/versions.ts";
import type { Connected } from "./connect.ts";
import type { DeclaredServer } from "./declared.ts";
import { generationFor } from "./plan-servers.ts";

export interface AlertToTest {
  readonly name: string;
  /** The key in the declaration, the name or the slug. */
  readonly project: string;
}

export interface TestedAlert {
  readonly instance: string;
  readonly organization: string;
  readonly project: string;
  readonly alert_name: string;
  /** The result for each recipient. */
  readonly recipients: readonly TestedRecipient[];
}

/** Sends a test message to the alert's recipients. Throws where the server cannot, or where there is no such alert. */
export async function testAlert(
  declared: DeclaredServer,
  connected: Connected,
  { name, project }: AlertToTest,
): Promise<TestedAlert> {
  const { calls } = connected.context;
  const { desired } = connected;
  const { version } = await calls.server.settings();
  const { generation, warning: isGuessed } = generationFor(declared, version);
  if (!CAPABILITIES[generation].testsAlerts) throw unable(`${desired.name} runs GlitchTip ${generation}, which`);
  const { organization, slug } = await findProject(connected, project);
  const alerts = await calls.alerts.list(organization.slug, slug);
  const alert = alerts.find((one) => one.name === name);
  if (alert === undefined) {
    const names = alerts.map((one) => one.name);
    throw new CodedError("GC1209", `project ${slug} has no alert "${name}"${didYouMean(name, names)}`, {
      remedy: names.length === 0 ? "Declare one, then: npx glitchtip-compose apply" : `It has: ${names.join(", ")}`,
    });
  }
  const recipients = await calls.alerts.test(organization.slug, slug, alert.id).catch((error: unknown) => {
    // An older server that does not tell its version answers 404 or its web page.
    if (!isGuessed || !(error instanceof CodedError) || !["GC1202", "GC1209"].includes(error.code)) throw error;
    throw unable(`${desired.name} (version ${version ?? "not told"})`, error);
  });
  return {
    instance: desired.name,
    organization: organization.name,
    project: slug,
    alert_name: name,
    recipients,
  };
}

function unable(who: string, cause?: unknown): CodedError {
  const able = GENERATIONS.filter((one) => CAPABILITIES[one].testsAlerts).join(", ");
  return new CodedError("GC1209", `${who} cannot test alerts`, {
    remedy: `Generation ${able} can. Until then: send an event (npx glitchtip-compose verify), and see whether the alert comes.`,
    cause,
  });
}

/** Finds the project by key, name or slug in the declared organizations. */
async function findProject({ context, desired }: Connected, wanted: string) {
  const organizations = await context.calls.organizations.list();
  const all = await Promise.all(
    desired.organizations.map(async ({ name, slug: declared }) => {
      const known = context.store.known.organizations[name];
      const organization = organizations.find(
        (one) => one.id === known?.id || (declared === undefined ? one.name === name : one.slug === declared),
      );
      if (organization === undefined) return [];
      const keys = Object.entries(known?.projects ?? {});
      const projects = await context.calls.projects.list(organization.slug);
      return projects.map(({ id, slug, name: called }) => ({
        organization,
        slug,
        names: [slug, called, keys.find(([, one]) => one.id === id)?.[0]],
      }));
    }),
  );
  const seen = all.flat();
  const [found, ...more] = seen.filter(({ names }) => names.includes(wanted));
  if (found !== undefined && more.length === 0) return found;
  const slugs = [found, ...more].flatMap((one) => one?.slug ?? []);
  if (slugs.length > 0) {
    throw new CodedError("GC1407", `${slugs.length} projects are called ${wanted}`, {
      remedy: `Name one by its slug: ${slugs.join(", ")}`,
    });
  }
  const there = seen.map(({ slug }) => slug);
  throw new CodedError("GC1209", `${desired.name} has no project ${wanted}${didYouMean(wanted, there)}`, {
    remedy:
      there.length === 0 ? "See what is declared: npx glitchtip-compose plan --server" : `It has: ${there.join(", ")}`,
  });
}
