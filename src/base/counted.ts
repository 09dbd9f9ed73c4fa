/** Returns a count with its word, such as `1 app` or `2 apps`. */
export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Returns a count with its word and a verb that agrees, such as `1 job waits` or `2 jobs wait`. */
export const countedDoing = (count: number, word: string, verb: string): string =>
  `${counted(count, word)} ${verb}${count === 1 ? "s" : ""}`;
