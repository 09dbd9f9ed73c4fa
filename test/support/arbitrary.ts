import fc from "fast-check";

/** Texts that YAML would read as something else without quotes. */
export const AMBIGUOUS = [
  ...["yes", "no", "y", "NULL", "~", "1e3", "0x1f", "08", "1:30", "0:0", ".inf", "=", "<<", "---", "2001-01-01"],
  ...["a: b", "- a", "a:"],
];

/** Texts that are special to YAML, a shell, a slug or an object. */
const TRICKY = [
  ...AMBIGUOUS,
  ...["#a", "a #b", "*a", "&a", "!a", "%a", "@a", "`a`", "'", '"', "\\", "[", "{a}", "?", "|", ">", " a", "a ", "$A"],
  ...["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf"],
  ...["new", "login", "settings", "api", "Shop", "shop", "SHOP", "shop-2", "shop_2", "shop!", "12345", "-", "-2", "_"],
  ...[
    "магазин",
    "商店",
    "仓库",
    "Straße",
    "e\u0301",
    "\u00e9",
    "\u{1F600}",
    "\u200b",
    "\u2028",
    "\u0085",
    "\ufeff",
    "\u00a0x",
  ],
];

/** Generates names that the declaration accepts, of at most `longest` code points. */
export const nameOf = (longest: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.constantFrom(...TRICKY),
      fc.array(fc.constantFrom(...TRICKY), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("")),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: longest }),
      fc.string({ unit: "binary", minLength: 1, maxLength: longest }),
      fc.integer({ min: longest - 1, max: longest }).map((length) => "Long name ".repeat(longest).slice(0, length)),
      fc.constantFrom("\u{1F600}".repeat(longest), "x".repeat(longest)),
    )
    .map((text) =>
      [...text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, "")].slice(0, longest).join(""),
    )
    .filter((text) => text.trim() !== "" && text !== "__proto__");

const LETTERS = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"];

export const teamSlug: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("backend", "Backend", "developers", "new", "-", "_", "0", "a-b_c", "x".repeat(50)),
  fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 50 }),
);

export const PROJECT_NAME_LONGEST = 64;
export const ORGANIZATION_NAME_LONGEST = 200;
