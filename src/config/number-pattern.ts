/** Returns a pattern for the decimal numbers, also with leading zeros, that are `least` or more. */
export function atLeast(least: number): string {
  const digits = String(least);
  const larger = otherInOneDigit(digits, (digit) => [digit + 1, 9]);
  return `0*(?:${[digits, ...larger, `[1-9]\\d{${digits.length},}`].join("|")})`;
}

/** Returns a pattern for the decimal numbers, also with leading zeros, that are `most` or less. */
export function atMost(most: number): string {
  const digits = String(most);
  const shorter = digits.length === 1 ? [] : [`\\d{1,${digits.length - 1}}`];
  return `0*(?:${[digits, ...otherInOneDigit(digits, (digit) => [0, digit - 1]), ...shorter].join("|")})`;
}

/** Returns, for each digit, the numbers that are the same before it and within `range` in it. */
function otherInOneDigit(digits: string, range: (digit: number) => [first: number, last: number]): string[] {
  return [...digits].flatMap((digit, at) => {
    const [first, last] = range(Number(digit));
    const rest = digits.length - at - 1;
    return first > last ? [] : [`${digits.slice(0, at)}[${first}-${last}]${rest === 0 ? "" : `\\d{${rest}}`}`];
  });
}
