/** The parts of a DSN that the server decides; the rest is where its audience reaches it. */
export interface DsnParts {
  /** The public key: a UUID, with or without dashes. */
  readonly key: string;
  readonly projectId: string;
}
