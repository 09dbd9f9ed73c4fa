import { DatabaseError } from "./reply.ts";
import { State } from "./state.ts";

/** Where the state lives. Handlers are synchronous, so one call of `use` is one transaction. */
export interface Store {
  /** Throws DatabaseError while there are no tables or no database. `writes` false: nothing needs to be kept. */
  use<Result>(writes: boolean, act: (state: State) => Result): Result | Promise<Result>;
}

/** State that ends with the process. */
export class MemoryStore implements Store {
  readonly state = new State();
  migrated: boolean;

  constructor(migrated: boolean) {
    this.migrated = migrated;
  }

  use<Result>(_writes: boolean, act: (state: State) => Result): Result {
    if (!this.migrated) throw new DatabaseError("there are no tables");
    return act(this.state);
  }
}
