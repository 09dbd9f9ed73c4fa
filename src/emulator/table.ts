/** A table with numeric primary keys in sequence, like a database, and indexes on other columns. */
export class Table<Row extends { readonly id: number }> {
  readonly #rows = new Map<number, Row>();
  readonly #columns: Readonly<Record<string, (row: Row) => string | number>>;
  readonly #indexes = new Map<string, Map<string | number, Map<number, Row>>>();
  readonly #cache = new Map<string, readonly Row[]>();
  #nextId = 1;
  /** Counts the changes, so that a store knows whether there is something to save. */
  revision = 0;

  constructor(columns: Readonly<Record<string, (row: Row) => string | number>> = {}) {
    this.#columns = columns;
    for (const name of Object.keys(columns)) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#rows.size;
  }

  all(): IterableIterator<Row> {
    return this.#rows.values();
  }

  get(id: number): Row | undefined {
    return this.#rows.get(id);
  }

  insert(row: Omit<Row, "id">): Row {
    const made = { ...row, id: this.#nextId } as Row;
    this.#nextId += 1;
    this.#put(made);
    return made;
  }

  /** Uses up an id, as a failed insert does (teams: "create again"). */
  skipId(): void {
    this.#nextId += 1;
    this.#changed();
  }

  update(id: number, change: Partial<Omit<Row, "id">>): Row {
    const old = this.#rows.get(id);
    if (!old) throw new Error(`no row ${id}`);
    const made = { ...old, ...change };
    for (const [name, column] of Object.entries(this.#columns)) {
      if (column(old) !== column(made)) this.#unindex(name, column(old), id);
    }
    this.#put(made);
    return made;
  }

  delete(id: number): void {
    const old = this.#rows.get(id);
    if (!old) return;
    this.#rows.delete(id);
    for (const [name, column] of Object.entries(this.#columns)) this.#unindex(name, column(old), id);
    this.#changed();
  }

  /** Returns all rows whose column has this value. The constructor must have been given the column. */
  where(column: string, value: string | number): Row[] {
    const found = this.#indexes.get(column)?.get(value);
    return found ? [...found.values()] : [];
  }

  first(column: string, value: string | number): Row | undefined {
    return this.#indexes.get(column)?.get(value)?.values().next().value;
  }

  /** Returns a derived list that is recomputed after a change only, since each page of a long list needs the whole list. */
  cached(key: string, compute: () => readonly Row[]): readonly Row[] {
    let rows = this.#cache.get(key);
    if (!rows) {
      rows = compute();
      this.#cache.set(key, rows);
    }
    return rows;
  }

  dump(): { nextId: number; rows: Row[] } {
    return { nextId: this.#nextId, rows: [...this.#rows.values()] };
  }

  load(dump: { nextId: number; rows: readonly Row[] }): void {
    this.#rows.clear();
    for (const index of this.#indexes.values()) index.clear();
    for (const row of dump.rows) this.#put(row);
    this.#nextId = dump.nextId;
  }

  #put(row: Row): void {
    this.#rows.set(row.id, row);
    for (const [name, column] of Object.entries(this.#columns)) {
      const index = this.#indexes.get(name);
      const value = column(row);
      const found = index?.get(value);
      if (found) found.set(row.id, row);
      else index?.set(value, new Map([[row.id, row]]));
    }
    this.#changed();
  }

  #unindex(name: string, value: string | number, id: number): void {
    const index = this.#indexes.get(name);
    const found = index?.get(value);
    found?.delete(id);
    if (found?.size === 0) index?.delete(value);
  }

  #changed(): void {
    this.revision += 1;
    this.#cache.clear();
  }
}
