import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { INSTANCE_LABEL } from "../compose/labels.ts";
import type { ComposeService, UserProject } from "../compose/model.ts";
import { needsContainer, needsProvisioner, provisionedApps } from "../config/app-sources.ts";
import { DATABASE_RUN_VOLUME } from "../config/database-run.ts";
import { DSN_VOLUME, dsnVolume } from "../config/dsn-volumes.ts";
import { postgresVolume } from "../config/postgres.ts";
import { declarationHash, type ProvisionFile, provisionPart } from "../config/provision-input.ts";
import { ownServices, resolveServer, serverKind } from "../config/server.ts";
import type { Generation } from "../glitchtip/versions.ts";
import { serverNetworks, withAppNetworks } from "./app-networks.ts";
import { toolsVolumes, WRAPPER_FILE } from "./app-overlay.ts";
import { type AppOverlays, overlayApps } from "./apps.ts";
import { attachedNetworks, attachedSecrets, attachedStack } from "./attached.ts";
import { backupParts } from "./backup.ts";
import { careParts } from "./care.ts";
import { composeText } from "./compose-text.ts";
import { dataSecrets, overlayOwnServices } from "./data-services.ts";
import { overlayGivenApps } from "./given-apps.ts";
import { pinned } from "./lock.ts";
import {
  composeHeader,
  GIT_ATTRIBUTES,
  GIT_IGNORED,
  IMAGES_FILE,
  managed,
  STACK_FILE,
  settingsText,
} from "./managed-files.ts";
import type {
  AttachedStack,
  BundledStack,
  ImageKnowledge,
  RenderedFile,
  RenderedStack,
  SecretSource,
  StackInput,
  StackParts,
  StackService,
  TopLevel,
} from "./model.ts";
import { forPodman } from "./podman.ts";
import { forOperator, operatorParts } from "./production.ts";
import { dsnMounts } from "./provision-service.ts";
import { proxyFiles } from "./proxy.ts";
import { reconcileServiceParts } from "./reconcile-service.ts";
import { withSecretVolumes } from "./secret-volumes.ts";
import { DATABASE_NETWORK, SETUP } from "./service-names.ts";
import { bundledStack, namesDatabaseRun } from "./services.ts";
import { singleContainerStack } from "./single-container.ts";

const STATE_VOLUME = "glitchtip-state";
const UPLOADS_VOLUME = "glitchtip-uploads";

/** Returns the managed files of a workspace. It reads and writes nothing. */
export function renderStack(input: StackInput): RenderedStack {
  const { declaration, user } = input;
  const apps = overlayApps(declaration, user, input.images);
  const given = overlayGivenApps(declaration, user);
  const parts = serverKind(declaration) === "bundled" ? bundledParts(input, apps) : attachedParts(input);
  const hasProvisioner = needsContainer(declaration);
  const labels = input.instance === undefined ? undefined : { [INSTANCE_LABEL]: input.instance };
  const volume = defined({ labels });
  const secured = withSecretVolumes(parts.stack, parts.secrets, {
    templates: input.compose,
    provisioner: input.provisioner,
    databaseVolume: parts.databaseVolume,
    oldSecrets: input.oldSecrets,
    dsnMounts: hasProvisioner ? dsnMounts(declaration) : [],
    databaseRun: parts.volumes.includes(DATABASE_RUN_VOLUME),
  });
  const hasSetup = secured.stack.services[SETUP] !== undefined;
  const fitting = declaration.engine === "podman" ? forPodman(secured.stack) : secured.stack;
  const stack = labels === undefined ? fitting : labelled(fitting, labels);
  // The last line stays the same when an app is added: it is where people put lines of their own.
  const dsnVolumes = Object.keys(provisionedApps(declaration)).map(dsnVolume);
  const ownVolumes = hasProvisioner ? [...dsnVolumes, STATE_VOLUME, DSN_VOLUME, ...toolsVolumes(declaration)] : [];
  const top: TopLevel = {
    ...unlessEmpty("networks", parts.networks),
    ...unlessEmpty(
      "volumes",
      Object.fromEntries([...parts.volumes, ...secured.volumes, ...ownVolumes].map((name) => [name, volume])),
    ),
    ...unlessEmpty("secrets", secured.secrets),
  };
  // An app with an external DSN may be the one whose network another app shares.
  const givenServices = Object.fromEntries(
    Object.entries(given.services).map(([name, service]) => [name, { ...apps.services[name], ...service }]),
  );
  const { stackFile = STACK_FILE } = input;
  refuseCollisions(user, { services: secured.stack.services, ...top });
  return {
    files: [
      managed(
        stackFile,
        composeText(
          composeHeader(stackFile, input.baseFile),
          stack,
          { ...apps.services, ...givenServices, ...parts.overlays },
          top,
        ),
      ),
      managed(".glitchtip/.gitignore", GIT_IGNORED),
      managed(".glitchtip/.gitattributes", GIT_ATTRIBUTES),
      ...parts.files,
      ...imagesFile(input.images),
      ...(hasProvisioner ? provisionFiles(input, apps, parts.generation) : []),
      ...(hasProvisioner || hasSetup ? programFiles(input) : []),
    ],
    warnings: [...parts.warnings, ...apps.warnings, ...given.warnings],
  };
}

/** What depends on where the server runs. */
interface ServerParts extends Omit<StackParts, "services" | "secrets"> {
  readonly secrets: Readonly<Record<string, SecretSource>>;
  readonly stack: AttachedStack & Partial<BundledStack>;
  /** What services of the user's need that the server uses. */
  readonly overlays: Readonly<Record<string, ComposeService>>;
  readonly networks: NonNullable<TopLevel["networks"]>;
  /** The volume with the bundled database. */
  readonly databaseVolume?: string;
  readonly generation: Generation | undefined;
  readonly warnings: readonly string[];
}

function bundledParts(input: StackInput, apps: AppOverlays): ServerParts {
  const { declaration, user, compose, provisioner, texts } = input;
  const { server, problems } = resolveServer(declaration.server);
  if (server === undefined) throw new CodedError("GC1101", problems.map(({ what }) => what).join("; "));
  const own = ownServices(declaration.server);
  const users = overlayOwnServices(own, user, apps.services);
  const operator = operatorParts(input, server);
  const backup = backupParts(input, server);
  const basic = bundledStack(declaration, server, compose, provisioner);
  const care = careParts(input, server, basic.services);
  const service = reconcileServiceParts(input);
  const complete = {
    ...basic,
    services: { ...basic.services, ...backup.services, ...care.services, ...service.services },
  };
  const operated = forOperator(complete, input, server);
  const stack = pinned(withAppNetworks(operated, apps.networks), input.lock ?? new Map());
  const single = server.topology === "single-container" ? singleContainerStack(stack, input, server) : undefined;
  const databaseVolumes = own.database === undefined ? [postgresVolume(declaration.server)] : [];
  return {
    stack: single?.stack ?? stack,
    overlays: users.services,
    networks: {
      ...serverNetworks(apps.networks),
      ...(single ? {} : { [DATABASE_NETWORK]: { internal: true } }),
      ...operator.networks,
      ...Object.fromEntries(service.networks.map((name) => [name, { internal: true }])),
    },
    volumes: [
      ...(single?.volumes ?? [...databaseVolumes, UPLOADS_VOLUME]),
      ...(namesDatabaseRun(declaration, server) ? [DATABASE_RUN_VOLUME] : []),
      ...operator.volumes,
      ...backup.volumes,
      ...care.volumes,
      ...service.volumes,
    ],
    ...defined({ databaseVolume: single === undefined ? databaseVolumes[0] : single.volumes[0] }),
    secrets: {
      ...dataSecrets(declaration),
      ...operator.secrets,
      ...backup.secrets,
      ...care.secrets,
      ...service.secrets,
    },
    files: [
      managed(".glitchtip/gate.py", texts.gate),
      ...proxyFiles(declaration, user),
      ...backup.files,
      ...care.files,
      ...service.files,
      ...(single?.files ?? []),
    ],
    generation: server.capabilities.generation,
    warnings: [...server.warnings, ...users.warnings],
  };
}

function attachedParts({ declaration, compose, provisioner }: StackInput): ServerParts {
  const { server } = declaration;
  return {
    stack: attachedStack(declaration, compose, provisioner),
    overlays: {},
    networks: needsProvisioner(declaration) ? attachedNetworks(server) : {},
    volumes: [],
    secrets: needsContainer(declaration) ? attachedSecrets(declaration) : {},
    files: [],
    generation: server.generation,
    warnings: [],
  };
}

/** Returns the stack with labels on all of its services. A service with labels of its own does not get the shared ones. */
function labelled<T extends AttachedStack>(stack: T, labels: Readonly<Record<string, string>>): T {
  const { everyService, services } = stack;
  const withLabels = ({ own, ...rest }: StackService): StackService =>
    own.labels === undefined ? { own, ...rest } : { own: { ...own, labels: { ...own.labels, ...labels } }, ...rest };
  return {
    ...stack,
    everyService: { ...everyService, labels: { ...everyService.labels, ...labels } },
    services: Object.fromEntries(Object.entries(services).map(([name, service]) => [name, withLabels(service)])),
  };
}

const unlessEmpty = (key: keyof TopLevel, entries: Readonly<Record<string, object>>): TopLevel =>
  Object.keys(entries).length === 0 ? {} : { [key]: entries };

/** Returns the program of the setup service and of the provisioner. */
function programFiles({ provisioner, texts }: StackInput): RenderedFile[] {
  if (provisioner.kind === "image") return [];
  if (provisioner.kind === "mount") return [managed(".glitchtip/provisioner.mjs", texts.provisioner)];
  return [
    managed(".glitchtip/provisioner/provisioner.mjs", texts.provisioner),
    managed(".glitchtip/provisioner/Dockerfile", texts.provisionerDockerfile()),
  ];
}

/** Returns what the provisioner and the wrapper read and run. */
function provisionFiles(
  { declaration, declarationText, texts, toolVersion }: StackInput,
  { apps, hasWrapper }: AppOverlays,
  generation: Generation | undefined,
): RenderedFile[] {
  const provision: ProvisionFile = {
    version: 1,
    tool: toolVersion,
    declarationSha256: declarationHash(declarationText),
    ...(generation === undefined ? {} : { generation }),
    declaration: provisionPart({ ...declaration, apps }),
  };
  return [
    // Alerts, members and the like change the hash of the declaration, and nothing that a container reads.
    { ...managed(".glitchtip/provision.json", settingsText(provision)), note: /"declarationSha256": "\w*"/ },
    ...(hasWrapper ? [managed(WRAPPER_FILE, texts.withDsn, 0o755)] : []),
  ];
}

/** Returns the file with what images said, if any was asked. */
function imagesFile({ known }: ImageKnowledge = { known: {} }): RenderedFile[] {
  const services = Object.entries(known).map(
    ([name, { image, entrypoint, command }]) => [name, { image, entrypoint, command }] as const,
  );
  if (services.length === 0) return [];
  return [managed(IMAGES_FILE, settingsText({ version: 1, services: Object.fromEntries(services) }))];
}

/** Compose would silently merge the user's service with one of the stack that has the same name. */
function refuseCollisions(user: UserProject, ours: Readonly<Record<string, object>>): void {
  const names: Readonly<Record<string, readonly string[]>> = user.names;
  const both = Object.entries(ours).flatMap(([part, entries]) =>
    Object.keys(entries).flatMap((name) => (names[part]?.includes(name) ? [`${part}.${name}`] : [])),
  );
  if (both.length === 0) return;
  throw new CodedError("GC1109", `your Compose file and ours both have ${both.join(", ")}`, {
    remedy: "Rename yours, or remove it if it is from an earlier GlitchTip set-up.",
  });
}
