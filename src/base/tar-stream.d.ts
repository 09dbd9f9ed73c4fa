/** The part of tar-stream 2 that is used; the package has no types. */
declare module "tar-stream" {
  import type { Readable, Writable } from "node:stream";

  export interface Headers {
    readonly name: string;
    /** `file`, `directory`, `link`, `symlink`, `fifo`, a device, or null for an unknown kind. */
    readonly type: string | null;
    /** The target of a link. */
    readonly linkname: string | null;
  }

  interface Extract extends Writable {
    on(event: "entry", listener: (header: Headers, content: Readable, next: () => void) => void): this;
  }

  export function extract(): Extract;

  interface Pack extends Readable {
    entry(header: Partial<Headers> & { readonly name: string }, content?: string): void;
    finalize(): void;
  }

  export function pack(): Pack;
}
