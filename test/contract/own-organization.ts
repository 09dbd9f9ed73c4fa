import { walk } from "./differences.ts";
import type { Account } from "./player.ts";
import { ADMIN, signInSteps } from "./player.ts";
import type { Exchange, Scenario, Step } from "./scenario.ts";

/** The reason why a scenario needs a fresh server, by scenario. All others run in an organization of their own. */
export const NEEDS_A_FRESH_SERVER: Readonly<Record<string, string>> = {
  "account-without-superuser": "it signs up the first account of the server",
  "api-tokens": "it lists every token of the account",
  errors: "the answers to foreign hosts and to the front page are the operator's",
  members: "it makes accounts, which nobody can delete",
  "members-closed": "it depends on the server's setting for registration",
  monitors: "it leaves rows that make the list fail, and the worker would ask foreign addresses",
  organizations: "it lists every organization of the account, and makes some with reserved names",
  pagination: "it pages through every project of the account",
  readiness: "the settings are the operator's",
  "readiness-before-migrations": "it needs an empty database",
  scopes: "it makes an account, which nobody can delete",
  "sign-in": "it locks the account",
  "sign-up": "it makes accounts",
  "sign-up-closed": "it signs up the first account of the server",
};

/** Makes the names of a run unique, so that runs do not affect each other. */
export interface Run {
  readonly account: Account;
  /** Lower-case letters and digits. */
  readonly id: string;
}

/** Returns the scenario in an organization of its own. The organization and the tokens are deleted at the end. */
export function inOwnOrganization(scenario: Scenario, run: Run): Scenario {
  const steps: Step[] = JSON.parse(
    JSON.stringify(scenario.steps.filter((step) => !asksForTheAccount(step)))
      .replace(/\bacme\b/g, `acme-${run.id}`)
      .replace(/\bAcme\b/g, `Acme ${run.id}`)
      // Event ids of the scenarios are a repeated digit, and a stored event keeps its id.
      .replace(/\b(\d)\1{7}\1{4}[48]\1{3}[48]\1{15}\b/g, (id) => eventId(id, run)),
  );
  const played = [...signInSteps(run.account), ...steps].map((step, at) =>
    mintsToken(step) ? { ...step, save: { ...step.save, [`token${at}`]: "id" } } : step,
  );
  const tokens = played.flatMap((step, at) => (mintsToken(step) ? [`/api/0/api-tokens/{{token${at}}}/`] : []));
  const clear: Step[] = [
    { name: "organization away", hide: true, bearer: "admin", DELETE: `/api/0/organizations/acme-${run.id}/` },
    ...tokens.map((path) => ({ name: "token away", hide: true, jar: "admin", csrf: true, DELETE: path })),
  ];
  return { ...scenario, server: { ...scenario.server, accounts: "none" }, steps: [...played, ...clear] };
}

const mintsToken = (step: Step): boolean => step.POST === "/api/0/api-tokens/";

/** Returns whether a step lists the projects of the account in all organizations. */
const asksForTheAccount = (step: Step): boolean => step.GET === "/api/0/projects/";

/** Restores the names of the scenario and masks ids, because ids of a used server do not start at 1. */
export function withoutRun(scenario: Scenario, exchanges: readonly Exchange[], run: Run): Exchange[] {
  const left = new Set(scenario.steps.filter(asksForTheAccount).map(({ name }) => name));
  const restored: Exchange[] = JSON.parse(
    JSON.stringify(exchanges.filter(({ step }) => !left.has(step)))
      .replaceAll(`acme-${run.id}`, "acme")
      .replaceAll(`Acme ${run.id}`, "Acme")
      .replaceAll(run.account.email, ADMIN.email)
      // Ids within addresses of issues, projects and DSNs.
      .replace(/(\/issues\/|\/api\/|@\{\{host\}\}\/)\d+(?=[/"])/g, "$1<id>"),
  );
  return restored.map(({ response, ...asked }) => ({
    ...asked,
    response: {
      ...response,
      body: walk(response.body, (value, name) =>
        /^(id|\w*I[dD]|projects|project)$/.test(name) && /^\d+$/.test(String(value)) ? "<id>" : value,
      ),
    },
  }));
}

function eventId(pattern: string, { id }: Run): string {
  const own = Buffer.from(id).toString("hex").slice(0, 8).padEnd(8, "0");
  return own + pattern.slice(8);
}
