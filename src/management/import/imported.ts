import type { Identity } from "../../glitchtip/identity.ts";

/** What another tool's files say, in the words of the declaration: values of it, not yet in the form of one file. */
export interface Imported {
  readonly servers: readonly ImportedServer[];
  /** References that the files do not fill: somebody has to put the secret there. */
  readonly secrets: readonly SecretToSet[];
  /** What was found and has no place in the declaration, or is not understood. */
  readonly left: readonly Left[];
  /** What the user should know of what was taken over. */
  readonly notes: readonly string[];
}

export interface ImportedServer {
  /** Empty: the files do not name it. */
  readonly name: string;
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retries?: number | undefined;
  readonly jiraBridge?: { readonly alertUrl: string; readonly token?: string | undefined } | undefined;
  /** The kinds that the other tool looked after. */
  readonly manage: readonly string[];
  readonly organizations: readonly ImportedOrganization[];
}

export interface ImportedOrganization {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly identity?: Identity | undefined;
  readonly teams?: readonly string[] | undefined;
  /** Ids by slug. */
  readonly teamIds?: Readonly<Record<string, string>> | undefined;
  readonly members?: readonly object[] | undefined;
  readonly monitors?: readonly object[] | undefined;
  readonly projects: readonly ImportedProject[];
}

export interface ImportedProject {
  /** In the declaration. */
  readonly key: string;
  readonly identity?: Identity | undefined;
  /** As it stands in the declaration. */
  readonly declared: Readonly<Record<string, unknown>>;
}

export interface SecretToSet {
  readonly reference: string;
  /** Whose it is. */
  readonly of: string;
}

export interface Left {
  /** A file and a key, or a resource's address and an attribute. */
  readonly where: string;
  readonly why: string;
}

/** Reads the keys of one map, and tells at the end which nobody has read. */
export class KeyReader {
  readonly #map: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();

  constructor(value: unknown) {
    this.#map = typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  }

  get(key: string): unknown {
    this.#read.add(key);
    return this.#map[key] ?? undefined;
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  number(key: string): number | undefined {
    const value = this.get(key);
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  }

  list(key: string): readonly unknown[] {
    const value = this.get(key);
    return Array.isArray(value) ? value : [];
  }

  texts(key: string): string[] | undefined {
    const list = this.list(key).filter((one) => typeof one === "string");
    return list.length > 0 ? list : undefined;
  }

  /** Known, and without a meaning here. */
  ignore(...keys: string[]): this {
    for (const key of keys) this.#read.add(key);
    return this;
  }

  /** With a value, and not read so far. */
  rest(): string[] {
    return Object.keys(this.#map).filter((key) => !this.#read.has(key) && (this.#map[key] ?? undefined) !== undefined);
  }
}
