import type { ComposeService } from "../compose/model.ts";
import type { Declaration } from "../config/schema.ts";
import type { ServiceRole, ServiceSettings } from "../config/service-settings.ts";
import { SERVER_PORT } from "../glitchtip/versions.ts";
import { fingerprint, managed, settingsText } from "./managed-files.ts";
import type { StackInput, StackParts } from "./model.ts";
import { secretBy } from "./provision-service.ts";
import { SERVER, SERVICE_API, SERVICE_NETWORK, SERVICE_QUEUE, SERVICE_WATCH, SERVICE_WORKER } from "./service-names.ts";

/** The folder in which the worker keeps its token for the stack's own server. */
const STATE_VOLUME = "glitchtip-service-state";
const STATE_FOLDER = "/state";
/** The key of the service's tokens, which the first of its containers makes. */
const KEY_VOLUME = "glitchtip-service";
const LISTENS_ON = 8080;

type Service = NonNullable<Declaration["service"]>;

/** Returns the reconcile service as containers: the API, the workers, the watch, and a queue of their own. */
export function reconcileServiceParts(input: StackInput): StackParts & { readonly networks: readonly string[] } {
  const { declaration, declarationText, compose: templates, texts, toolVersion } = input;
  const { service } = declaration;
  if (service === undefined) return { services: {}, volumes: [], secrets: {}, files: [], networks: [] };
  const secrets = Object.entries(service.secrets).map(([variable, reference]) => ({
    variable,
    reference,
    secret: `glitchtip_variable_${variable.toLowerCase()}`,
  }));
  const variables = Object.fromEntries(secrets.map(({ variable, secret }) => [variable, secret]));
  const settings = settingsText(settingsOf(service, variables, toolVersion));
  const changes = fingerprint(declarationText.replaceAll("\r\n", "\n"), settings);
  const role = (of: ServiceRole, own: ComposeService) => ({
    own: withRole(templates(SERVICE_API), of, service, { environment: { SETTINGS_SHA256: changes }, ...own }),
    fromServer: false,
  });
  const started = { [SERVER]: { condition: "service_healthy", required: false } } as const;
  return {
    services: {
      [SERVICE_QUEUE]: { own: templates(SERVICE_QUEUE), fromServer: false },
      [SERVICE_API]: role("api", {
        ports: [`127.0.0.1:\${GLITCHTIP_SERVICE_PORT:-${service.port}}:${LISTENS_ON}`],
      }),
      [SERVICE_WORKER]: role("worker", {
        ...(service.workers === 1 ? {} : { scale: service.workers }),
        secrets: ["glitchtip_admin_password", ...secrets.map(({ secret }) => secret)],
        environment: { SETTINGS_SHA256: changes, XDG_STATE_HOME: STATE_FOLDER },
        volumes: [`${STATE_VOLUME}:${STATE_FOLDER}`],
        depends_on: started,
      }),
      [SERVICE_WATCH]: role("watch", { depends_on: started }),
    },
    volumes: [KEY_VOLUME, STATE_VOLUME, SERVICE_QUEUE],
    secrets: Object.fromEntries(secrets.map(({ secret, reference }) => [secret, secretBy(reference)])),
    files: [managed(".glitchtip/service.json", settings), managed(".glitchtip/serve.mjs", texts.serve())],
    networks: [SERVICE_NETWORK],
  };
}

function withRole(
  template: ComposeService,
  role: ServiceRole,
  { declarations }: Service,
  { volumes = [], depends_on = {}, ...own }: ComposeService,
): ComposeService {
  const folder = declarations?.replace(/\/$/, "");
  return {
    ...template,
    command: [role],
    ...own,
    volumes: [
      ...(template.volumes ?? []),
      ...(folder === undefined ? [] : [`./${folder}:/workspace/${folder}:ro`]),
      ...volumes,
    ],
    depends_on: { ...template.depends_on, ...depends_on },
  };
}

function settingsOf(service: Service, variables: Readonly<Record<string, string>>, tool: string): ServiceSettings {
  const { declarations, everySeconds, apply, events } = service;
  return {
    version: 1,
    tool,
    files: ["glitchtip.yaml", ...(declarations === undefined ? [] : [declarations])],
    queue: `redis://${SERVICE_QUEUE}:6379`,
    port: LISTENS_ON,
    server: `http://${SERVER}:${SERVER_PORT}`,
    everySeconds,
    apply,
    variables,
    ...(events === undefined ? {} : { events }),
  };
}
