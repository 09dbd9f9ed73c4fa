import { organizationPath } from "../address.ts";
import type { Requests } from "../requests.ts";
import { statusPageShape } from "../wire/managed.ts";

const pagesPath = (organization: string) => `${organizationPath(organization)}status-pages/`;

/** The API lists and creates only (monitors scenario). */
export const statusPageCalls = (requests: Requests) => ({
  /** Those of every organization of the account, whatever the address says (read). */
  list: (organization: string) => requests.list(pagesPath(organization), statusPageShape),
  create: (organization: string, page: { readonly name: string; readonly isPublic: boolean }) =>
    requests.post(pagesPath(organization), page, statusPageShape),
});
