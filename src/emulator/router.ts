import type { AuthMode } from "./auth.ts";
import type { BodyFields } from "./body.ts";
import type { Incoming, RouteCall } from "./call.ts";
import type { Reply } from "./reply.ts";
import type { World } from "./world.ts";

export interface Endpoint {
  readonly auth: AuthMode;
  /** A token needs one of these scopes; a session needs none. */
  readonly scopes?: readonly string[];
  /** The fields of the JSON body. They are checked before the scopes, as on the real server. */
  readonly body?: BodyFields;
  /** Returns whether a generation has the endpoint. Default: all have it. */
  presentIn?(world: World): boolean;
  /** Returns the answer where the real server needs no database for it. */
  withoutDatabase?(incoming: Incoming, world: World): Reply | undefined;
  handle(call: RouteCall): Reply;
}

/** Maps methods to endpoints. */
type Endpoints = Readonly<Partial<Record<string, Endpoint>>>;

/** Maps paths to endpoints by method. A path may contain `{slug:name}`, `{int:name}`, `{uuid:name}` and `{str:name}`. */
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
  /** Patterns by their number of segments, so that a request is compared with a few of them only. */
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
