/** Returns a count with its word, such as `1 app` or `2 apps`. */
export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Returns a count with its word and a verb that agrees, such as `1 job waits` or `2 jobs wait`. */
export const countedDoing = (count: number, word: string, verb: string): string =>
  `${counted(count, word)} ${verb}${count === 1 ? "s" : ""}`;

/** Returns how often something happened: `once`, or such as `3 times`. */
export const timesText = (count: number): string => (count === 1 ? "once" : counted(count, "time"));

/** Returns the form of a verb that agrees with a count, such as `is` for 1 and `are` for 0 or 2. */
export const agreeing = (count: number, singular: string, plural: string): string => (count === 1 ? singular : plural);
