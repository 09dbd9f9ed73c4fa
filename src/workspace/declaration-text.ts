import { yamlLines } from "../stack/yaml-text.ts";

/** What a new declaration states; the rest are defaults. */
export interface NewDeclaration {
  readonly version: 1;
  readonly server: Readonly<Record<string, unknown>>;
  readonly admin?: { readonly email: string; readonly password?: string };
  readonly organization: string;
  readonly projects: Readonly<Record<string, object>>;
  readonly apps: Readonly<Record<string, object>>;
  readonly provisioner?: string;
  readonly production?: object;
  readonly mail?: object;
  readonly limits?: object;
  readonly postgres?: object;
}

const COMMENTS: Readonly<Record<string, string>> = {
  version:
    "What GlitchTip has to look like. After a change: npx glitchtip-compose init, then docker compose up -d --wait",
  server:
    "The image's tag decides the generation. Also: url (what browsers use), topology, valkey, registration, retention.",
  admin: "The superuser. Its password is made by init: .glitchtip/secrets/admin_password",
  organization: "Names as people see them.",
  production: "HTTPS in front. Also: network and certResolver (proxy: traefik), bodyMegabytes.",
  mail: "How GlitchTip sends mails. Also: from. Try it with: npx glitchtip-compose mail test",
  limits: "Of GlitchTip's containers. Also: cpus. Another size: npx glitchtip-compose size --help",
  postgres: "Settings of the database, by Postgres's own names.",
  projects: "One project for each thing that reports errors. Also: name, platform.",
  apps: "Services of your Compose file that get a DSN. Also: audience, variables, onFailure, entrypoint, command.",
};

/** Where the server is there already. */
const EXISTING: Readonly<Record<string, string>> = {
  server:
    "A GlitchTip that is there already; with `image` it would be one of this stack. Also: containerUrl, network, ca.",
  admin: "Signs in to it.",
};

/** A new glitchtip.yaml, short and with its comments. */
export function declarationText(declaration: NewDeclaration): string {
  const parts = Object.entries(declaration).map(([key, value]) => {
    const open = key === "server" || ((key === "projects" || key === "apps") && Object.keys(value).length > 0);
    const comment = (declaration.server.image === undefined ? EXISTING[key] : undefined) ?? COMMENTS[key];
    return [...(comment === undefined ? [] : [`# ${comment}`]), ...yamlLines(key, value, { open })].join("\n");
  });
  return `${parts.join("\n\n")}\n`;
}
