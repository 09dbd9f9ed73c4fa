/** What the service keeps in the engine of its queue, for all of its processes. Times to live are in seconds. */
export interface KeyValueStore {
  get(key: string): Promise<string | undefined>;
  getAll(keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  set(key: string, value: string, seconds?: number): Promise<void>;
  getBytes(key: string): Promise<Buffer | undefined>;
  setBytes(key: string, value: Buffer, seconds: number): Promise<void>;
  setAll(entries: readonly (readonly [key: string, value: string])[]): Promise<void>;
  /** Sets a key that is absent. Returns what the key holds afterwards. */
  setIfAbsent(key: string, value: string, seconds: number): Promise<string>;
  /** Replaces what a key holds, or removes it, where it holds `from`. Returns whether it did. */
  replaceIf(key: string, from: string, to: string | undefined, seconds?: number): Promise<boolean>;
  /** Returns the number that the key then holds. */
  increment(key: string): Promise<number>;
  /** Sets a key that belongs to a list, and removes others, in one step. The keys of a list live equally long. */
  putListed(entry: ListedEntry): Promise<void>;
  /** Returns what the newest keys of a list hold. */
  newest(list: string, limit: number): Promise<readonly string[]>;
  /** Appends to a stream, of which the last `kept` values are kept. */
  append(stream: string, values: readonly string[], kept: number): Promise<void>;
}

export interface ListedEntry {
  readonly list: string;
  readonly key: string;
  readonly value: string;
  readonly seconds?: number;
  /** The place in the list: the highest is the newest. */
  readonly rank: number;
  /** The keys that are removed. */
  readonly remove?: readonly string[];
}
