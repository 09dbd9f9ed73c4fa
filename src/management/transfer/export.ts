import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { KINDS, type ObservedServer } from "../../reconcile/index.ts";
import type { DeclaredServer } from "../declared.ts";
import { observeServer } from "../observe.ts";
import { generationFor } from "../plan-servers.ts";
import { bringIn } from "../pull/bring-in.ts";
import { openKeeper } from "../pull/keep-secrets.ts";
import { placeStatusPages } from "../pull/status-pages.ts";
import type { PerServer, Servers } from "../servers.ts";
import { type Configuration, type ExportedProject, newConfiguration } from "./file.ts";

export interface Exported {
  readonly configuration: Configuration;
  /** What the configuration cannot hold, and why. */
  readonly left: readonly string[];
}

/**
 * Returns an empty declaration of these organizations. Address and token are placeholders; the importing server has
 * its own.
 */
const emptyOf = ({ organizations }: ObservedServer): string =>
  [
    "version: 1",
    "server: {url: https://glitchtip.invalid, token: env:GLITCHTIP_TOKEN}",
    "organizations:",
    ...organizations.map(({ name }) => `  ${JSON.stringify(name)}: {}`),
    "",
  ].join("\n");
const FILE = "configuration.yaml";
const INSTANCE = "configuration";

/** Returns everything that the declared server holds and a declaration can express. */
export async function exportConfiguration(servers: Servers, nowMs: number): Promise<Exported> {
  return only(
    await servers.each(async ({ context, desired, url, resolve }, declared): Promise<Exported> => {
      const whole = { ...desired, organizations: [], listsOrganizations: true, manages: KINDS };
      const { observed: found, problems } = await observeServer(context, whole, { everything: true });
      const [problem] = problems;
      // An incomplete configuration is not exported.
      if (problem !== undefined) throw problem.error;
      if (found === undefined) throw new CodedError("GC1901", `${desired.name} was not read`);
      const { observed, left: pages } = await placeStatusPages(context.calls, found);
      if (observed.organizations.length === 0) {
        throw new CodedError("GC1209", `${url} shows no organization to this token`, {
          remedy: "There is nothing to export.",
        });
      }
      const keeper = openKeeper(declared.dir, INSTANCE, "env");
      const { text, left } = await bringIn(emptyOf(observed), FILE, {
        instance: INSTANCE,
        observed,
        generation: generationFor(declared, observed.version).generation,
        known: { organizations: {} },
        asked: new Set(KINDS),
        keeper,
        resolve,
      });
      const configuration = newConfiguration({
        exportedAt: new Date(nowMs).toISOString(),
        from: { url, ...defined({ version: observed.version }) },
        declaration: text,
        secrets: keeper.needed(text),
        projects: projectsOf(observed),
      });
      return {
        configuration,
        left: [
          ...pages,
          ...left.map(({ organization, project, message }) =>
            [organization, project, message].filter(Boolean).join(": "),
          ),
        ],
      };
    }),
  );
}

/** Returns the ids and keys that identify DSNs. */
export const projectsOf = ({ organizations }: ObservedServer): ExportedProject[] =>
  organizations.flatMap(({ name: organization, projects = [] }) =>
    projects.map(({ name, slug, id, keys = [] }) => ({
      organization,
      name,
      slug,
      id,
      keys: keys.map((key) => ({ label: key.label, key: key.id.replaceAll("-", "") })),
    })),
  );

/** Returns the result of the only server, or throws its error. */
export function only<T>([one]: readonly PerServer<T>[]): T {
  if (one === undefined) throw new CodedError("GC1901", "no server was asked");
  if ("error" in one) throw one.error;
  return one.result;
}

export function requireOne(declared: readonly DeclaredServer[]): DeclaredServer {
  const [first] = declared;
  if (first !== undefined && declared.length === 1) return first;
  throw new CodedError("GC1001", "a configuration is of one server, and several are declared", {
    remedy: `Add --instance, one of ${declared.map(({ desired }) => desired.name).join(", ")}.`,
  });
}
