import { needsContainer } from "../config/app-sources.ts";
import type { Audience, Declaration } from "../config/schema.ts";
import { parsePasswordRef } from "../config/secrets.ts";
import { escaped } from "./interpolate.ts";
import type { ComposeService, ProvisionerSource } from "./model.ts";
import { provisionServices, writable } from "./provision-service.ts";
import type { AttachedStack } from "./services.ts";
import type { ComposeTemplates } from "./templates.ts";

/** The name that Docker gives the host a container runs on; Linux needs to be told. */
const HOST_GATEWAY = "host.docker.internal";
const CA_FILE = "/run/secrets/glitchtip_ca";

/** Where each audience reaches a server that is there already. */
export function attachedAddresses({ url = "", containerUrl = url }: Declaration["server"]): Record<Audience, string> {
  const address = escaped(url);
  return { container: escaped(containerUrl), host: address, public: address };
}

/** What containers need to reach such a server beside the network that they are in. */
export interface Reach {
  /** They join a network `glitchtip`. */
  readonly network: boolean;
  readonly keys: ComposeService;
}

export function reachOf({ url = "", containerUrl = url, network }: Declaration["server"]): Reach {
  const byGateway = new URL(containerUrl).hostname === HOST_GATEWAY;
  return {
    network: network !== undefined,
    keys: byGateway ? { extra_hosts: [`${HOST_GATEWAY}:host-gateway`] } : {},
  };
}

/** Beside a server that is there already: the provisioner alone, signed in with what the user gives it. */
export function attachedStack(
  declaration: Declaration,
  templates: ComposeTemplates,
  source: ProvisionerSource,
): AttachedStack {
  const everyService = templates("every-service");
  if (!needsContainer(declaration)) return { everyService, services: {} };
  const { server } = declaration;
  const { network, keys } = reachOf(server);
  const secrets = attachedSecrets(declaration);
  const services = provisionServices(declaration, templates, source, attachedAddresses(server), {
    ...keys,
    environment: {
      // Several projects may sign in to one server: a token of the same name would be taken for a lost one, and deleted.
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's variable
      GLITCHTIP_TOKEN_LABEL: "glitchtip-compose ${COMPOSE_PROJECT_NAME}",
      ...(server.token === undefined ? {} : { GLITCHTIP_TOKEN_FILE: "/run/secrets/glitchtip_token" }),
      ...(server.ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: CA_FILE }),
    },
    secrets: Object.keys(secrets),
    networks: network ? ["default", "glitchtip"] : undefined,
    depends_on: undefined,
    ...writable(Object.values(secrets).some((secret) => "environment" in secret)),
  });
  return { everyService, services };
}

export function attachedSecrets({ server, admin }: Declaration): Record<string, object> {
  const { token, ca } = server;
  return {
    ...(token === undefined ? {} : { glitchtip_token: secretBy(token) }),
    ...(token !== undefined || admin?.password === undefined
      ? {}
      : { glitchtip_admin_password: secretBy(admin.password) }),
    ...(ca === undefined ? {} : { glitchtip_ca: secretBy(ca) }),
  };
}

export const attachedNetworks = ({ network }: Declaration["server"]): Record<string, object> =>
  network === undefined ? {} : { glitchtip: { external: true, name: escaped(network) } };

/** As Compose takes a secret; it never stands in the file. */
export function secretBy(text: string): object {
  const reference = parsePasswordRef(text);
  return reference.kind === "file" ? { file: reference.path } : { environment: reference.name };
}
