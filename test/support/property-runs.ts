/**
 * Scales the number of runs of a property test: `npm run test:long` sets PROPERTY_RUNS=5, CI and `npm test` run a fifth of
 * the stated count, and never fewer than ten.
 */
export function propertyRuns(count: number): { readonly numRuns: number } {
  const factor = Number(process.env.PROPERTY_RUNS ?? "0.2");
  return { numRuns: Math.max(Math.min(count, 10), Math.round(count * factor)) };
}
