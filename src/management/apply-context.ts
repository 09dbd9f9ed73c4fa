import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import { AnswerError } from "../glitchtip/answers.ts";
import type { Action, Kind } from "../reconcile/index.ts";
import type { ServerContext } from "./server-context.ts";

/** The context of one running apply. */
export interface ApplyRun extends ServerContext {
  readonly addresses: Addresses;
}

/** What is reported about an applied action. */
export interface AppliedNote {
  readonly note?: string;
  /** The link of an invitation. Whoever has it can join. */
  readonly inviteLink?: Secret;
}

export type ActionOn<K extends Kind> = Extract<Action, { readonly kind: K }>;
export type ApplyAction<K extends Kind> = (run: ApplyRun, action: ActionOn<K>) => Promise<AppliedNote>;

export const isGone = (error: unknown): boolean => error instanceof AnswerError && error.code === "GC1209";

/** Returns the object with the highest id, which is the newest. */
export const newest = <T extends { readonly id: string }>(all: readonly T[]): T | undefined =>
  all.reduce<T | undefined>(
    (best, one) => (best === undefined || Number(one.id) > Number(best.id) ? one : best),
    undefined,
  );

interface ProjectAddress {
  readonly slug: string;
  readonly id: string;
}

/** The current addresses: as planned, or as changed by an earlier action. */
export interface Addresses {
  organization(action: Action): string;
  project(action: Action): ProjectAddress;
  /** Returns undefined for a monitor that belongs to no project. */
  projectId(action: Action): string | undefined;
  madeOrganization(name: string, slug: string): void;
  /** Stores the address of a project. `planned` is the slug that the plan used. */
  hasProject(organization: string, planned: string, address: ProjectAddress): void;
}

export function openAddresses(): Addresses {
  const organizations = new Map<string, string>();
  const projects = new Map<string, ProjectAddress>();
  const keyOf = (organization: string, planned: string) => `${organization}\0${planned}`;
  const addresses: Addresses = {
    organization({ organization, at }) {
      const slug = organizations.get(organization) ?? at.organizationSlug;
      if (slug === undefined) throw notMade(`organization "${organization}"`);
      return slug;
    },
    project({ organization, project = "", at }) {
      const found = projects.get(keyOf(organization, project));
      if (found !== undefined) return found;
      if (at.projectSlug === undefined) throw notMade(`project "${project}"`);
      return { slug: at.projectSlug, id: at.projectId ?? "" };
    },
    projectId: (action) => (action.project === undefined ? undefined : addresses.project(action).id),
    madeOrganization: (name, slug) => void organizations.set(name, slug),
    hasProject: (organization, planned, address) => void projects.set(keyOf(organization, planned), address),
  };
  return addresses;
}

const notMade = (what: string): CodedError =>
  new CodedError("GC1209", `${what} is not there`, {
    remedy: "Fix what kept it from being created, then apply again.",
  });
