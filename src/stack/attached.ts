import { defined } from "../base/defined.ts";
import { escaped } from "../compose/interpolate.ts";
import type { ComposeNetwork } from "../compose/model.ts";
import { needsContainer } from "../config/app-sources.ts";
import { containerUrlOf, HOST_GATEWAY } from "../config/loopback.ts";
import type { Audience, Declaration } from "../config/schema.ts";
import { secretFile } from "../config/secret-volumes.ts";
import type { ContainerReach } from "./app-overlay.ts";
import type { AttachedStack, ProvisionerSource, SecretSource } from "./model.ts";
import { isFromEnvironment, provisionServices, secretBy } from "./provision-service.ts";
import { NETWORK } from "./service-names.ts";
import type { ComposeTemplates } from "./templates.ts";

const CA_FILE = "/run/secrets/glitchtip_ca";

/** Returns where each audience reaches a server that runs elsewhere. */
export function attachedAddresses(server: Declaration["server"]): Record<Audience, string> {
  const address = escaped(server.url ?? "");
  return { container: escaped(containerUrlOf(server)), host: address, public: address };
}

/** Returns what containers need to reach a server that runs elsewhere. */
export function attachedReach(server: Declaration["server"]): ContainerReach {
  const isOnHost = new URL(containerUrlOf(server)).hostname === HOST_GATEWAY;
  return {
    network: server.network === undefined ? undefined : NETWORK,
    keys: isOnHost ? { extra_hosts: [`${HOST_GATEWAY}:host-gateway`] } : {},
  };
}

/** Returns the services beside a server that runs elsewhere: the provisioner, signed in with what the user gives it. */
export function attachedStack(
  declaration: Declaration,
  templates: ComposeTemplates,
  source: ProvisionerSource,
): AttachedStack {
  const everyService = templates("every-service");
  if (!needsContainer(declaration)) return { everyService, services: {} };
  const { server } = declaration;
  const { network, keys } = attachedReach(server);
  const secrets = attachedSecrets(declaration);
  const services = provisionServices(declaration, templates, source, attachedAddresses(server), {
    ...keys,
    environment: defined({
      // Compose projects that sign in to one server need tokens of different names: the provisioner deletes a token of
      // its name whose value it does not know.
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's variable
      GLITCHTIP_TOKEN_LABEL: "glitchtip-compose ${COMPOSE_PROJECT_NAME}",
      GLITCHTIP_TOKEN_FILE: server.token === undefined ? undefined : secretFile("glitchtip_token"),
      NODE_EXTRA_CA_CERTS: server.ca === undefined ? undefined : CA_FILE,
    }),
    secrets: Object.keys(secrets),
    networks: network === undefined ? undefined : ["default", network],
    depends_on: undefined,
    // The setup service copies every other secret.
    ...(isFromEnvironment(server.ca) && { read_only: false }),
  });
  return { everyService, services };
}

export function attachedSecrets({ server, admin }: Declaration): Record<string, SecretSource> {
  const { token, ca } = server;
  const password = token === undefined ? admin?.password : undefined;
  return {
    ...(token === undefined ? {} : { glitchtip_token: secretBy(token) }),
    ...(password === undefined ? {} : { glitchtip_admin_password: secretBy(password) }),
    ...(ca === undefined ? {} : { glitchtip_ca: secretBy(ca) }),
  };
}

export const attachedNetworks = ({ network }: Declaration["server"]): Record<string, ComposeNetwork> =>
  network === undefined ? {} : { [NETWORK]: { external: true, name: escaped(network) } };
