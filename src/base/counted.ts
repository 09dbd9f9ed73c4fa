/** Returns a count with its word, such as `1 app` or `2 apps`. */
export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
