import { CodedError } from "../../../base/errors.ts";
import type { Imported, ImportedOrganization, Left, SecretToSet } from "../imported.ts";
import { Organizations } from "./organizations.ts";
import type { Context } from "./resources.ts";
import { readers } from "./resources.ts";
import { readState } from "./state.ts";

const PREFIX = "glitchtip_";

export interface TerraformOptions {
  /** The server's address, which the state does not have. The default is the origin of a key's DSN. */
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  /** The state's text where it was piped in; `path` then only names it. */
  readonly piped?: string | undefined;
}

/** Returns what a provider for GlitchTip managed, as a declaration, with the ids that the server gave. */
export function importTerraform(
  path: string,
  { url, token = "env:GLITCHTIP_TOKEN", piped }: TerraformOptions = {},
): Imported {
  const { managed, data, passing } = readState(path, piped);
  const left: Left[] = passing.map(({ address, why }) => ({ where: address, why }));
  const secrets: SecretToSet[] = [];
  const notes: string[] = [];
  const context: Context = { organizations: new Organizations(), left, secrets, addresses: new Set() };
  const ours = managed.filter(({ type }) => type.startsWith(PREFIX));
  if (ours.length === 0) {
    throw new CodedError("GC1102", `${path} holds nothing of a GlitchTip provider`, {
      remedy: "Give the state of the configuration with resources such as glitchtip_project.",
    });
  }
  for (const resource of data) {
    // A data source tells the name of its organization.
    if (resource.type === "glitchtip_organization") context.organizations.learn(resource.attributes);
    left.push({ where: resource.address, why: "is only read by Terraform, so there is nothing to take over" });
  }
  for (const { type, read } of readers) {
    for (const resource of ours.filter((one) => one.type === type)) read(resource, context);
  }
  const known = new Set(readers.map(({ type }) => type));
  const strange = ours.filter(({ type }) => !known.has(type));
  left.push(...strange.map(({ address, type }) => ({ where: address, why: `${type} is not known` })));
  for (const [provider, count] of othersIn(managed)) {
    left.push({ where: `${count} ${provider}`, why: "is not GlitchTip's; it stays with Terraform" });
  }
  const organizations: ImportedOrganization[] = context.organizations.all();
  const kinds = [...new Set(ours.flatMap(({ type }) => readers.find((reader) => reader.type === type)?.kind ?? []))];
  const origin = url ?? [...context.addresses][0];
  if (url === undefined) notes.push(originNote(origin));
  secrets.push({ reference: token, of: "an API token of the server; the one that Terraform's provider uses will do" });
  notes.push(
    "when `plan` shows no change, take the resources out of Terraform: terraform state rm ADDRESS (not destroy)",
  );
  return { servers: [{ name: "", url: origin, token, manage: kinds, organizations }], secrets, left, notes };
}

const originNote = (origin: string | undefined): string =>
  origin === undefined
    ? "the state does not say where the server is: --url https://…"
    : `server.url is ${origin}, as the keys' DSNs say; --url says otherwise`;

/** Counts the resources of other providers, by type. */
function othersIn(managed: readonly { readonly type: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { type } of managed) if (!type.startsWith(PREFIX)) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}
