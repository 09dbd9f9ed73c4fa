import { createHash } from "node:crypto";
import { CodedError } from "../base/errors.ts";
import { needsContainer, needsProvisioner } from "../config/app-sources.ts";
import { postgresVolume } from "../config/postgres.ts";
import { type ProvisionFile, provisionPart } from "../config/provision-input.ts";
import type { Declaration } from "../config/schema.ts";
import { ownServices, resolveServer, serverKind } from "../config/server.ts";
import type { Generation } from "../glitchtip/versions.ts";
import { type AppOverlays, DSN_VOLUME, overlayApps, toolsVolumes, WRAPPER_CONFIG } from "./apps.ts";
import { attachedNetworks, attachedSecrets, attachedStack, secretBy } from "./attached.ts";
import { backupParts, withServices } from "./backup.ts";
import { careParts } from "./care.ts";
import { composeText } from "./compose-text.ts";
import { overlayGivenApps } from "./given-apps.ts";
import { pinned } from "./lock.ts";
import { IMAGES_FILE, SECRETS_FOLDER, STACK_FILE } from "./managed-files.ts";
import type { ComposeService, ImageKnowledge, RenderedFile, RenderedStack, StackInput, UserProject } from "./model.ts";
import { overlayOwnServices } from "./own-services.ts";
import { forOperator, topOf } from "./production.ts";
import { proxyFiles } from "./proxy-files.ts";
import { type AttachedStack, type OurStack, ourServices } from "./services.ts";
import { inOneContainer } from "./single-container.ts";

export { IMAGES_FILE, SECRETS_FOLDER, STACK_FILE };

const STATE_VOLUME = "glitchtip-state";

/** All managed files of a project. Pure: what the user's files say goes in, texts come out. */
export function renderStack(input: StackInput): RenderedStack {
  const { declaration, user, texts } = input;
  const apps = overlayApps(declaration, user, input.images);
  const given = overlayGivenApps(declaration, user);
  const parts = serverKind(declaration) === "bundled" ? bundledParts(input, apps) : attachedParts(input);
  const provisions = needsContainer(declaration);
  const top = {
    ...named("networks", parts.networks),
    ...named(
      "volumes",
      Object.fromEntries(
        [...parts.volumes, ...(provisions ? [STATE_VOLUME, DSN_VOLUME, ...toolsVolumes(declaration)] : [])].map(
          (name) => [name, {}],
        ),
      ),
    ),
    ...named("secrets", parts.secrets),
    ...(apps.wrapper.inline
      ? { configs: { [WRAPPER_CONFIG]: { content: texts.withDsn.replaceAll("$", "$$$$") } } }
      : {}),
  };
  refuseCollisions(user, { services: parts.ours.services, ...top });
  return {
    files: [
      managed(STACK_FILE, composeText(parts.ours, { ...apps.services, ...given.services, ...parts.theirs }, top)),
      managed(".glitchtip/.gitignore", "/secrets/\n/env/\n/state/\n"),
      ...parts.files,
      ...imagesFile(input.images),
      ...(provisions ? provisionFiles(input, apps, parts.generation) : []),
    ],
    warnings: [...parts.warnings, ...apps.warnings, ...given.warnings],
  };
}

/** What differs by whose the server is. */
interface StackParts {
  readonly ours: AttachedStack & Partial<OurStack>;
  /** Services of the user's that the server needs. */
  readonly theirs: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, object>>;
  readonly volumes: readonly string[];
  readonly secrets: Readonly<Record<string, object>>;
  readonly files: readonly RenderedFile[];
  readonly generation?: Generation;
  readonly warnings: readonly string[];
}

function bundledParts(input: StackInput, apps: AppOverlays): StackParts {
  const { declaration, user, compose, provisioner, texts } = input;
  const { server, problems } = resolveServer(declaration.server);
  if (server === undefined) throw new CodedError("GC1101", problems.map(({ what }) => what).join("; "));
  const own = ownServices(declaration.server);
  const theirs = overlayOwnServices(own, user, apps.services);
  const more = topOf(declaration, server, secretBy);
  const backup = backupParts(declaration, server, compose, texts, input.toolVersion, input.declarationText);
  const basic = ourServices(declaration, server, compose, provisioner);
  const care = careParts(declaration, server, basic, compose, texts, input.toolVersion);
  const services = withServices(withServices(basic, backup), care);
  const several = pinned(forOperator(services, declaration, server, compose), input.lock ?? new Map());
  const one =
    server.topology === "single-container" ? inOneContainer(several, declaration, server, compose, texts) : undefined;
  return {
    ours: one?.ours ?? several,
    theirs: theirs.services,
    networks: { glitchtip: {}, ...(one ? {} : { "glitchtip-db": { internal: true } }), ...more.networks },
    volumes: [
      ...(one?.volumes ?? [
        ...(own.database === undefined ? [postgresVolume(declaration.server)] : []),
        "glitchtip-uploads",
      ]),
      ...more.volumes,
      ...backup.volumes,
      ...care.volumes,
    ],
    secrets: { ...secretsOf(declaration), ...more.secrets, ...backup.secrets, ...care.secrets },
    files: [
      managed(".glitchtip/gate.py", texts.gate),
      ...proxyFiles(declaration).map(({ path, content }) => managed(path, content)),
      ...backup.files,
      ...care.files,
      ...(one?.files ?? []).map(({ path, content }) => managed(path, content)),
    ],
    generation: server.capabilities.generation,
    warnings: [...server.warnings, ...theirs.warnings],
  };
}

function attachedParts({ declaration, compose, provisioner }: StackInput): StackParts {
  const provisions = needsContainer(declaration);
  const { server } = declaration;
  return {
    ours: attachedStack(declaration, compose, provisioner),
    theirs: {},
    networks: needsProvisioner(declaration) ? attachedNetworks(server) : {},
    volumes: [],
    secrets: provisions ? attachedSecrets(declaration) : {},
    files: [],
    ...(server.generation === undefined ? {} : { generation: server.generation }),
    warnings: [],
  };
}

const named = (key: string, entries: Readonly<Record<string, object>>) =>
  Object.keys(entries).length === 0 ? {} : { [key]: entries };

/** What the provisioner and the apps' wrapper read and run. */
function provisionFiles(
  { declaration, declarationText, provisioner, texts, toolVersion }: StackInput,
  { apps, wrapper }: AppOverlays,
  generation: Generation | undefined,
): RenderedFile[] {
  const provision: ProvisionFile = {
    version: 1,
    tool: toolVersion,
    declarationSha256: createHash("sha256").update(declarationText).digest("hex"),
    ...(generation === undefined ? {} : { generation }),
    declaration: provisionPart({ ...declaration, apps }),
  };
  const bundle = provisioner.kind === "build" ? ".glitchtip/provisioner/provisioner.mjs" : ".glitchtip/provisioner.mjs";
  return [
    // Alerts, members and the like change the declaration's hash, and nothing that a container reads.
    {
      ...managed(".glitchtip/provision.json", `${JSON.stringify(provision, null, 2)}\n`),
      note: /"declarationSha256": "\w*"/,
    },
    ...(wrapper.file ? [managed(".glitchtip/with-dsn", texts.withDsn, 0o755)] : []),
    ...(provisioner.kind === "image" ? [] : [managed(bundle, texts.provisioner)]),
    ...(provisioner.kind === "build"
      ? [managed(".glitchtip/provisioner/Dockerfile", texts.provisionerDockerfile())]
      : []),
  ];
}

const managed = (path: string, content: string, mode = 0o644): RenderedFile => ({
  path,
  content,
  mode,
  kind: "managed",
});

/** Only where an image was asked. */
function imagesFile({ known }: ImageKnowledge = { known: {} }): RenderedFile[] {
  const services = Object.entries(known).map(
    ([name, { image, entrypoint, command }]) => [name, { image, entrypoint, command }] as const,
  );
  if (services.length === 0) return [];
  return [managed(IMAGES_FILE, `${JSON.stringify({ version: 1, services: Object.fromEntries(services) }, null, 2)}\n`)];
}

function secretsOf({ admin, server }: Declaration): Record<string, object> {
  const generated = (name: string) => ({ file: `./${SECRETS_FOLDER}/${name}` });
  const own = ownServices(server);
  return {
    glitchtip_admin_password: admin?.password === undefined ? generated("admin_password") : secretBy(admin.password),
    ...(own.database === undefined
      ? { glitchtip_db_password: generated("db_password") }
      : { glitchtip_database_url: secretBy(own.database.url) }),
    ...(own.valkey === undefined ? {} : { glitchtip_valkey_url: secretBy(own.valkey.url) }),
    glitchtip_secret_key: generated("secret_key"),
  };
}

/** Compose would merge the user's service with ours of the same name, in silence. */
function refuseCollisions(user: UserProject, ours: Readonly<Record<string, object>>): void {
  const theirs: Readonly<Record<string, readonly string[]>> = user.names;
  const both = Object.entries(ours).flatMap(([kind, names]) =>
    Object.keys(names).flatMap((name) => (theirs[kind]?.includes(name) ? [`${kind}.${name}`] : [])),
  );
  if (both.length === 0) return;
  throw new CodedError("GC1109", `your Compose file and ours both have ${both.join(", ")}`, {
    remedy: "Give yours another name, or take it away if it is from an earlier GlitchTip set-up.",
  });
}
