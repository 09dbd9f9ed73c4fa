/** A random, recognisable secret of one test run, and the texts that would reveal it. */
export interface Canary {
  readonly name: string;
  readonly value: string;
}

/** Shorter pieces may occur by chance. */
const PIECE_LENGTH = 12;

/** Finds canaries in any form: in JSON, a URL, base64 or hex, with or without dashes, or truncated. */
export class CanarySearch {
  readonly #needles: { readonly name: string; readonly needle: string }[] = [];
  /** What was searched, so that a test can check that it was not nothing. */
  texts = 0;
  characters = 0;

  get needles(): number {
    return this.#needles.length;
  }

  add({ name, value }: Canary): void {
    for (const needle of new Set(formsOf(value).flatMap(piecesOf))) this.#needles.push({ name, needle });
  }

  /** Returns the names of the canaries in the text, without the allowed ones. */
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
  // Inside a longer value, base64 has three forms, depending on the offset of the value.
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

/** Start, middle and end of a value, so that a truncated one is found as well. */
function piecesOf(form: string): string[] {
  if (form.length <= PIECE_LENGTH) return [];
  const middle = Math.floor((form.length - PIECE_LENGTH) / 2);
  return [0, middle, form.length - PIECE_LENGTH].map((at) => form.slice(at, at + PIECE_LENGTH).toLowerCase());
}
