/** Parses a value from outside, or says where it is not as expected. The schemas of zod implement it. */
export interface Shape<T> {
  safeParse(value: unknown): Read<T>;
}

export type Read<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly error: { readonly issues: readonly Place[] } };

interface Place {
  readonly path: readonly PropertyKey[];
}

export type Wrong = (...path: PropertyKey[]) => void;

/** Makes a shape by hand, for values that are read so often that zod is too slow. `read` calls `wrong` for each wrong place. */
export const shapeOf = <T>(read: (value: unknown, wrong: Wrong) => T): Shape<T> => ({
  safeParse(value) {
    let issues: Place[] | undefined;
    const data = read(value, (...path) => {
      issues ??= [];
      issues.push({ path });
    });
    return issues === undefined ? { success: true, data } : { success: false, error: { issues } };
  },
});

export const listOf = <T>(shape: Shape<T>): Shape<T[]> => ({
  safeParse(value) {
    if (!Array.isArray(value)) return { success: false, error: { issues: [{ path: [] }] } };
    const data: T[] = [];
    const issues: Place[] = [];
    for (let at = 0; at < value.length; at++) {
      const read = shape.safeParse(value[at]);
      if (read.success) data.push(read.data);
      else issues.push(...read.error.issues.map(({ path }) => ({ path: [at, ...path] })));
    }
    return issues.length === 0 ? { success: true, data } : { success: false, error: { issues } };
  },
});
