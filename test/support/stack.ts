import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readUserCompose } from "../../src/compose/read.ts";
import { loadDeclaration } from "../../src/config/load.ts";
import type { RenderedStack, StackInput, StackTexts } from "../../src/stack/model.ts";
import { parseProvisionerSource } from "../../src/stack/provision-service.ts";
import { renderStack } from "../../src/stack/render.ts";
import { openTemplates } from "../../src/stack/templates.ts";

const templates = join(import.meta.dirname, "../../templates/compose");

/** Stubs of the files that are copied into a stack; only a build creates the real bundles. */
export const TEXTS: StackTexts = {
  withDsn: '#!/bin/sh\nexec "$@"\n',
  gate: "print()\n",
  provisioner: "// bundle\n",
  backupDb: "#\n",
  backup: () => "// backup\n",
  care: () => "// care\n",
  serve: () => "// serve\n",
  supervise: () => "#\n",
  provisionerDockerfile: () => "FROM node\n",
  allInOne: () => ({ Dockerfile: "FROM glitchtip\n" }),
};

/** Returns a declaration with what a test gives and defaults for the rest. */
export function declarationWith(lines: string): string {
  const defaults = {
    version: "1",
    admin: "{ email: admin@example.com }",
    organization: "Acme",
    projects: "{ shop: {} }",
  };
  const missing = Object.entries(defaults).filter(([key]) => !new RegExp(`^${key}:`, "m").test(lines));
  return [...missing.map(([key, value]) => `${key}: ${value}`), lines].join("\n");
}

export function renderedStack(
  declarationText: string,
  compose: string,
  lock: ReadonlyMap<string, string> = new Map(),
  more: Partial<StackInput> = {},
): RenderedStack {
  const declaration = loadDeclaration(declarationText, "glitchtip.yaml");
  return renderStack({
    declaration,
    declarationText,
    toolVersion: "1.2.3",
    user: readUserCompose([{ path: "compose.yaml", text: compose }]),
    compose: testTemplates,
    texts: TEXTS,
    lock,
    provisioner: parseProvisionerSource(declaration.provisioner, more.texts ?? TEXTS),
    ...more,
  });
}

/** The templates of the source tree. */
export const testTemplates = openTemplates((name) => readFileSync(join(templates, `${name}.yaml`), "utf8"));

export interface ComposeProject {
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [key: string]: unknown;
}

/** Parses compose.glitchtip.yaml as Compose does, with its anchors resolved. */
export function composeOf({ files }: RenderedStack): ComposeProject {
  const file = files.find(({ path }) => path === "compose.glitchtip.yaml");
  return parse(file?.content ?? "", { merge: true, version: "1.1" }) as ComposeProject;
}

/** The secrets whose volumes a service has, mounted read-only at the place where it reads them. */
export const secretsOf = (service: Readonly<Record<string, unknown>> | undefined): string[] =>
  ((service?.volumes ?? []) as unknown[]).flatMap(
    (volume) => /^glitchtip-[a-z0-9-]+:\/run\/secrets\/(\w+):ro$/.exec(String(volume))?.[1] ?? [],
  );
