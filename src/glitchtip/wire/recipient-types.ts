interface RecipientTypeRow {
  /** The first generation that knows the type; left out for those that all generations know. */
  readonly since?: "6";
  /** Whoever has the address can post to the channel, so the whole address is a secret. */
  readonly secretUrl?: true;
}

/** The types of recipients that an alert can have, a row for each (alerts scenario, "unknown recipient type"). */
const ROWS = {
  email: {},
  webhook: {},
  discord: { secretUrl: true },
  googlechat: { secretUrl: true },
  teams: { since: "6", secretUrl: true },
  ntfy: { since: "6" },
  zulip: { since: "6", secretUrl: true },
  feishu: { since: "6", secretUrl: true },
} as const satisfies Readonly<Record<string, RecipientTypeRow>>;

export type RecipientType = keyof typeof ROWS;

const rows = Object.entries(ROWS) as [RecipientType, RecipientTypeRow][];

export const RECIPIENT_TYPES: readonly RecipientType[] = rows.map(([type]) => type);

/** The types that all generations know. */
export const EARLY_RECIPIENT_TYPES: readonly RecipientType[] = rows.flatMap(([type, { since }]) =>
  since === undefined ? [type] : [],
);

/** The types whose whole address is a secret. */
export const SECRET_RECIPIENT_TYPES: ReadonlySet<string> = new Set(
  rows.flatMap(([type, { secretUrl }]) => (secretUrl ? [type] : [])),
);
