import type { Identity } from "../../glitchtip/identity.ts";

/** What another tool's files say, as values of the declaration that are not yet arranged as one file. */
export interface Imported {
  readonly servers: readonly ImportedServer[];
  /** References whose secrets the user has to provide. */
  readonly secrets: readonly SecretToSet[];
  /** What the declaration cannot hold, or what is not understood. */
  readonly left: readonly Left[];
  /** What the user should know about the import. */
  readonly notes: readonly string[];
}

export interface ImportedServer {
  /** Empty where the files do not name the server. */
  readonly name: string;
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retries?: number | undefined;
  readonly jiraBridge?: { readonly alertUrl: string; readonly token?: string | undefined } | undefined;
  /** The kinds that the other tool managed. */
  readonly manage: readonly string[];
  readonly organizations: readonly ImportedOrganization[];
}

export interface ImportedOrganization {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly identity?: Identity | undefined;
  readonly teams?: readonly string[] | undefined;
  /** Team ids by slug. */
  readonly teamIds?: Readonly<Record<string, string>> | undefined;
  readonly members?: readonly object[] | undefined;
  readonly monitors?: readonly object[] | undefined;
  readonly projects: readonly ImportedProject[];
}

export interface ImportedProject {
  /** The key in the declaration. */
  readonly key: string;
  readonly identity?: Identity | undefined;
  /** The value in the declaration. */
  readonly declared: Readonly<Record<string, unknown>>;
}

export interface SecretToSet {
  readonly reference: string;
  /** What the secret belongs to. */
  readonly of: string;
}

export interface Left {
  /** The file and key, or the resource's address and attribute. */
  readonly where: string;
  readonly why: string;
}

/** Reads the keys of one map, and lists those that were not read. */
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

  /** Marks keys as known that mean nothing here. */
  ignore(...keys: string[]): this {
    for (const key of keys) this.#read.add(key);
    return this;
  }

  /** Returns the keys that have a value and were not read. */
  rest(): string[] {
    return Object.keys(this.#map).filter((key) => !this.#read.has(key) && (this.#map[key] ?? undefined) !== undefined);
  }
}
