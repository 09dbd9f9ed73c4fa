import { Document, isMap, isScalar, type YAMLMap } from "yaml";

/** What a new declaration states; the rest are defaults. */
export interface NewDeclaration {
  readonly version: 1;
  readonly server: Readonly<Record<string, unknown>>;
  readonly admin: { readonly email: string };
  readonly organization: string;
  readonly projects: Readonly<Record<string, object>>;
  readonly apps: Readonly<Record<string, object>>;
  readonly provisioner?: string;
}

const COMMENTS: Readonly<Record<string, string>> = {
  version:
    " What GlitchTip has to look like. After a change: npx glitchtip-compose init, then docker compose up -d --wait\n",
  server:
    " The image's tag decides the generation. Also: url (what browsers use), topology, valkey, registration, retention.",
  admin: " The superuser. Its password is made by init: .glitchtip/secrets/admin_password",
  organization: " Names as people see them.",
  projects: " One project for each thing that reports errors. Also: name, platform.",
  apps: " Services of your Compose file that get a DSN. Also: audience, variables, onFailure, entrypoint, command.",
};

/** A new glitchtip.yaml, short and with its comments. */
export function declarationText(declaration: NewDeclaration): string {
  const document = new Document(declaration, { aliasDuplicateObjects: false });
  const root = document.contents as unknown as YAMLMap;
  root.items.forEach(({ key, value }, i) => {
    if (!isScalar(key)) return;
    if (i > 0) key.spaceBefore = true;
    const comment = COMMENTS[String(key.value)];
    if (comment !== undefined) key.commentBefore = comment;
    if (key.value === "admin" && isMap(value)) value.flow = true;
    if ((key.value === "projects" || key.value === "apps") && isMap(value)) {
      for (const entry of value.items) if (isMap(entry.value)) entry.value.flow = true;
    }
  });
  return document.toString({ lineWidth: 0 });
}
