import { defined } from "../base/defined.ts";
import { asMap, type YamlMap } from "./yaml.ts";

/** A folder of the host that comes into an image or a container of a service. */
export interface FolderUse {
  /** `watch` copies files into the running container; `volume` is every other mount, which hides what lies below it. */
  readonly kind: "build context" | "additional context" | "watch" | "bind mount" | "volume";
  /** Absolute, or relative to the workspace; empty for a volume. */
  readonly path: string;
  /** The Dockerfile of a build context, relative to it. */
  readonly dockerfile?: string;
  /** The path in the container, of a mount. */
  readonly target?: string;
  /** What a watch leaves out: patterns of a .dockerignore, relative to its path. */
  readonly ignore?: readonly string[];
}

export interface FolderScope {
  /** Returns a path relative to the workspace, or an absolute one. */
  path(stated: string): string;
  /** Fills in variables. */
  fill(text: string): string;
}

const texts = (value: unknown, { fill }: FolderScope): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string").map(fill) : [];

/** A context that is no folder: an address, an image, another service's. */
const isElsewhere = (context: string): boolean => /^[a-z+-]+:|^git@|^github\.com\//.test(context);

/** Returns the folders that `build` reads. */
export function contextsIn(build: unknown, scope: FolderScope): FolderUse[] {
  const {
    context = ".",
    dockerfile_inline: inline,
    // Compose's default; an inline one has no file.
    dockerfile = inline === undefined ? "Dockerfile" : undefined,
    additional_contexts: more,
  } = typeof build === "string" ? { context: build } : asMap(build);
  const stated = Array.isArray(more)
    ? more.map((one) => String(one).replace(/^[^=]*=/, ""))
    : Object.values(asMap(more)).map(String);
  const main = scope.fill(String(context));
  const uses: FolderUse[] = [
    {
      kind: "build context",
      path: main,
      ...defined({ dockerfile: typeof dockerfile === "string" ? scope.fill(dockerfile) : undefined }),
    },
    ...stated.map((path) => ({ kind: "additional context" as const, path: scope.fill(path) })),
  ];
  return uses.filter(({ path }) => !isElsewhere(path)).map((use) => ({ ...use, path: scope.path(use.path) }));
}

/** Returns the mounts of `volumes`, in the short and the long form. */
export function mountsIn(volumes: unknown, scope: FolderScope): FolderUse[] {
  if (!Array.isArray(volumes)) return [];
  return volumes.flatMap((volume): FolderUse[] => {
    if (typeof volume === "string") return shortMount(scope.fill(volume), scope);
    const { type, source, target } = asMap(volume);
    if (typeof target !== "string") return [];
    if (type !== "bind" || typeof source !== "string")
      return [{ kind: "volume", path: "", target: scope.fill(target) }];
    return [{ kind: "bind mount", path: scope.path(scope.fill(source)), target: scope.fill(target) }];
  });
}

function shortMount(text: string, scope: FolderScope): FolderUse[] {
  const [source = "", target] = text.split(":");
  if (target === undefined) return [{ kind: "volume", path: "", target: source }];
  return /^[./]/.test(source)
    ? [{ kind: "bind mount", path: scope.path(source), target }]
    : [{ kind: "volume", path: "", target }];
}

/** Returns the folders that `develop.watch` copies into the container. */
export function watchesIn(develop: unknown, scope: FolderScope): FolderUse[] {
  const { watch } = asMap(develop);
  if (!Array.isArray(watch)) return [];
  return watch.flatMap((one) => {
    const { action, path, ignore } = asMap(one);
    if (typeof path !== "string" || !String(action).startsWith("sync")) return [];
    return [{ kind: "watch" as const, path: scope.path(scope.fill(path)), ignore: texts(ignore, scope) }];
  });
}

/** Returns all folders of a service as `docker compose config` prints it. */
export const resolvedFolderUses = ({ build, volumes, develop }: YamlMap): FolderUse[] => {
  const scope: FolderScope = { path: (path) => path, fill: (text) => text };
  return [
    ...(build === undefined || build === null ? [] : contextsIn(build, scope)),
    ...mountsIn(volumes, scope),
    ...watchesIn(develop, scope),
  ];
};
