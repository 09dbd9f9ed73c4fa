export interface Issue {
  readonly id: number;
  readonly projectId: number;
  /** What groups events: same project and same hash, same issue. */
  readonly hash: string;
  readonly shortId: number;
  readonly type: "default" | "error";
  readonly level: string;
  readonly status: "unresolved" | "resolved" | "ignored";
  readonly title: string;
  readonly culprit: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly deletedAtMs: number | null;
}

export interface StoredEvent {
  readonly id: number;
  /** 32 hex characters. */
  readonly eventId: string;
  readonly projectId: number;
  readonly issueId: number;
  readonly receivedMs: number;
  readonly viaEnvelope: boolean;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Accepted by the web process, not yet written by the worker. */
export interface PendingEvent {
  readonly id: number;
  readonly eventId: string;
  readonly projectId: number;
  readonly receivedMs: number;
  readonly viaEnvelope: boolean;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What the real server keeps in its cache: an expiring mark. */
export interface Mark {
  readonly id: number;
  readonly name: string;
  readonly untilMs: number;
}
