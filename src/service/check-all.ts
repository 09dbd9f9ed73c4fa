import { CodedError } from "../base/errors.ts";

/** Runs all checks and returns their results by name. Throws the errors of all that fail as one. */
export async function checkAll<T extends Readonly<Record<string, () => unknown>>>(
  checks: T,
): Promise<{ [K in keyof T]: Awaited<ReturnType<T[K]>> }> {
  const names = Object.keys(checks);
  const settled = await Promise.allSettled(names.map(async (name) => await checks[name]?.()));
  const failed = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const [first] = failed;
  const all = failed.filter((error) => error instanceof CodedError);
  // An interruption is no mistake of what was given, nor is a mistake of ours.
  const other = failed.find((error) => !(error instanceof CodedError) || error.code === "GC1003");
  if (other !== undefined) throw other;
  if (all.length === 1) throw first;
  if (all.length > 1) {
    throw new CodedError("GC1001", "the service cannot start", { problems: all.flatMap(linesOf), cause: first });
  }
  const results = settled.map((one) => (one.status === "fulfilled" ? one.value : undefined));
  return Object.fromEntries(names.map((name, at) => [name, results[at]])) as never;
}

const linesOf = ({ message, problems, remedy }: CodedError): string[] => [
  remedy === undefined ? message : `${message} → ${remedy}`,
  ...problems,
];
