/** A secret of one test run, random and recognisable, and what of it would give it away. */
export interface Canary {
  readonly name: string;
  readonly value: string;
}

/** Shorter pieces might be there by chance. */
const PIECE_LENGTH = 12;

/** Found wherever the middle of a value is: in JSON, a URL, base64, hex, with dashes or without, or cut. */
export class CanarySearch {
  readonly #needles: { readonly name: string; readonly needle: string }[] = [];
  /** What was looked at: so that a test can tell that it was not nothing. */
  texts = 0;
  characters = 0;

  get needles(): number {
    return this.#needles.length;
  }

  add({ name, value }: Canary): void {
    for (const needle of new Set(formsOf(value).flatMap(piecesOf))) this.#needles.push({ name, needle });
  }

  /** Names of the canaries that the text holds, but for those that may be there. */
  find(text: string, allowed: readonly string[] = []): string[] {
    this.texts++;
    this.characters += text.length;
    const lower = text.toLowerCase();
    const found = this.#needles.filter(({ name, needle }) => !allowed.includes(name) && lower.includes(needle));
    return [...new Set(found.map(({ name }) => name))];
  }
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  // Inside something longer, base64 looks different for each of the three places where a value may begin.
  const base64 = [0, 1, 2].map((skip) =>
    bytes
      .subarray(skip)
      .toString("base64")
      .replace(/.{2}=*$/, ""),
  );
  const undashed = value.replaceAll("-", "");
  const isKey = /^[0-9a-f]{32}$/.test(undashed);
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    new URLSearchParams({ v: value }).toString().slice(2),
    bytes.toString("hex"),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    ...(isKey ? [undashed, undashed.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")] : []),
  ];
}

/** Start, middle and end: a value that was cut counts as well. */
function piecesOf(form: string): string[] {
  if (form.length <= PIECE_LENGTH) return [];
  const middle = Math.floor((form.length - PIECE_LENGTH) / 2);
  return [0, middle, form.length - PIECE_LENGTH].map((at) => form.slice(at, at + PIECE_LENGTH).toLowerCase());
}
