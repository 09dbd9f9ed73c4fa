import { createHash } from "node:crypto";
import { CodedError } from "../base/errors.ts";
import { ownServices } from "../config/own-service.ts";
import { parsePasswordRef } from "../config/password-ref.ts";
import type { ProvisionInput } from "../config/provision-input.ts";
import type { Declaration } from "../config/schema.ts";
import { resolveServer } from "../config/server.ts";
import { DSN_VOLUME, overlayApps, toolsVolumes, WRAPPER_CONFIG } from "./apps.ts";
import { composeText } from "./compose-text.ts";
import type { ImageKnowledge, RenderedFile, RenderedStack, StackInput, UserProject } from "./model.ts";
import { overlayOwnServices } from "./own-services.ts";
import { forOperator, proxyFiles, topOf } from "./production.ts";
import { ourServices } from "./services.ts";

export const STACK_FILE = "compose.glitchtip.yaml";
/**
 * What images said about their start, so that a run without an engine writes the same. A file of ours and not the
 * declaration: what a user states there stays, what an image says has to follow the image. No image ids: they differ
 * from machine to machine, and the file is committed.
 */
export const IMAGES_FILE = ".glitchtip/images.json";
export const SECRETS_FOLDER = ".glitchtip/secrets";

/** All managed files of a project. Pure: what the user's files say goes in, texts come out. */
export function renderStack(input: StackInput): RenderedStack {
  const { declaration, user, texts, provisioner } = input;
  const { server, problems } = resolveServer(declaration.server);
  if (server === undefined) throw new CodedError("GC1101", problems.map(({ what }) => what).join("; "));

  const apps = overlayApps(declaration, user, input.images);
  const own = ownServices(declaration.server);
  const theirs = overlayOwnServices(own, user, apps.services);
  const ours = forOperator(
    ourServices(declaration, server, input.compose, provisioner),
    declaration,
    server,
    input.compose,
  );
  const more = topOf(declaration, secretBy);
  const top = {
    networks: { glitchtip: {}, "glitchtip-db": { internal: true }, ...more.networks },
    volumes: Object.fromEntries(
      [
        ...(own.database === undefined ? ["glitchtip-db"] : []),
        "glitchtip-uploads",
        "glitchtip-state",
        DSN_VOLUME,
        ...toolsVolumes(declaration),
        ...more.volumes,
      ].map((name) => [name, {}]),
    ),
    secrets: { ...secretsOf(declaration), ...more.secrets },
    ...(apps.wrapper.inline
      ? { configs: { [WRAPPER_CONFIG]: { content: texts.withDsn.replaceAll("$", "$$$$") } } }
      : {}),
  };
  refuseCollisions(user, { services: ours.services, ...top });

  const provision: ProvisionInput = {
    version: 1,
    tool: input.toolVersion,
    declarationSha256: createHash("sha256").update(input.declarationText).digest("hex"),
    generation: server.capabilities.generation,
    declaration: { ...declaration, apps: apps.apps },
  };
  const bundle = provisioner.kind === "build" ? ".glitchtip/provisioner/provisioner.mjs" : ".glitchtip/provisioner.mjs";
  return {
    files: [
      managed(STACK_FILE, composeText(ours, { ...apps.services, ...theirs.services }, top)),
      managed(".glitchtip/.gitignore", "/secrets/\n/env/\n"),
      managed(".glitchtip/gate.py", texts.gate),
      ...proxyFiles(declaration).map(({ path, content }) => managed(path, content)),
      managed(".glitchtip/provision.json", `${JSON.stringify(provision, null, 2)}\n`),
      ...imagesFile(input.images),
      managed(".glitchtip/with-dsn", texts.withDsn, 0o755),
      ...(provisioner.kind === "image" ? [] : [managed(bundle, texts.provisioner)]),
      ...(provisioner.kind === "build"
        ? [managed(".glitchtip/provisioner/Dockerfile", texts.provisionerDockerfile())]
        : []),
    ],
    warnings: [...server.warnings, ...apps.warnings, ...theirs.warnings],
  };
}

const managed = (path: string, content: string, mode = 0o644): RenderedFile => ({
  path,
  content,
  mode,
  kind: "managed",
});

/** Only where an image was asked; once there it stays, empty in the end, because no managed file is taken away. */
function imagesFile({ known, file = false }: ImageKnowledge = { known: {} }): RenderedFile[] {
  const services = Object.entries(known).map(
    ([name, { image, entrypoint, command }]) => [name, { image, entrypoint, command }] as const,
  );
  if (services.length === 0 && !file) return [];
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

function secretBy(text: string): object {
  const reference = parsePasswordRef(text);
  return reference.kind === "file" ? { file: reference.path } : { environment: reference.name };
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
