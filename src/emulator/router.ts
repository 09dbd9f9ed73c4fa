import type { AuthMode } from "./auth.ts";
import type { BodyFields } from "./body.ts";
import type { Incoming, RouteCall } from "./call.ts";
import type { Reply } from "./reply.ts";
import type { World } from "./world.ts";

export interface Endpoint {
  readonly auth: AuthMode;
  /** A token needs one of them; a session needs none. */
  readonly scopes?: readonly string[];
  /** The JSON body, checked before the scopes, as the real server does. */
  readonly body?: BodyFields;
  /** Which generations have it. Default: all. */
  presentIn?(world: World): boolean;
  /** Answers without the database, where the real server does. */
  withoutDatabase?(incoming: Incoming, world: World): Reply | undefined;
  handle(call: RouteCall): Reply;
}

/** Method → endpoint. */
type Endpoints = Readonly<Partial<Record<string, Endpoint>>>;

/** Path with `{slug:name}`, `{int:name}`, `{uuid:name}` or `{str:name}` → methods. */
export type Routes = Readonly<Record<string, Endpoints>>;

const CONVERTERS: Readonly<Record<string, string>> = {
  slug: "[-a-zA-Z0-9_]+",
  int: "[0-9]+",
  uuid: "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
  str: "[^/]+",
};

export interface Match {
  readonly endpoints: Endpoints;
  readonly params: Readonly<Record<string, string>>;
}

interface Compiled {
  readonly pattern: RegExp;
  readonly endpoints: Endpoints;
}

export class Router {
  /** By number of path segments, so that a request is held against a few patterns only. */
  readonly #bySegments = new Map<number, Compiled[]>();

  constructor(tables: readonly Routes[]) {
    for (const [path, endpoints] of tables.flatMap((routes) => Object.entries(routes))) {
      const source = path.replace(
        /\{(\w+):(\w+)\}/g,
        (_, type: string, name: string) => `(?<${name}>${CONVERTERS[type]})`,
      );
      const segments = path.split("/").length;
      const compiled = { pattern: new RegExp(`^${source}$`), endpoints };
      this.#bySegments.set(segments, [...(this.#bySegments.get(segments) ?? []), compiled]);
    }
  }

  match(path: string): Match | undefined {
    for (const { pattern, endpoints } of this.#bySegments.get(path.split("/").length) ?? []) {
      const found = pattern.exec(path);
      if (found) return { endpoints, params: found.groups ?? {} };
    }
    return undefined;
  }
}
