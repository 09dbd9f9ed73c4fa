/** The issuer and the audience of our own tokens. */
export const SERVICE_NAME = "glitchtip-compose";

/** The server of the stack that the service is a part of. */
export interface StackServer {
  readonly url: string;
  /** The reference to the administrator's password. */
  readonly password: string;
}

/** What a process of the service does, and with what. Secrets are references. */
export interface ServeSettings {
  /** Declarations, and folders of them. */
  readonly files: readonly string[];
  /** How a server without an address is reached: that of the stack which the service is a part of. */
  readonly stackServer?: StackServer;
  /** The address of the queue's engine, or a reference to it. */
  readonly queue: string;
  readonly host: string;
  readonly port: number;
  readonly api: boolean;
  /** How many runs of each queue at a time; 0 in a process without workers. */
  readonly workers: number;
  readonly watch?: { readonly everySeconds: number; readonly apply: boolean };
  /** The key of the tokens; what goes into the queue is sealed with it, too. */
  readonly secret?: string;
  /** Where the public keys of the issuer of the tokens are. */
  readonly jwks?: string;
  readonly issuer: string;
  readonly audience: string;
  /** Where CloudEvents are posted. */
  readonly events?: string;
  /** The path of the file of targets that requests may bring. */
  readonly compat?: string;
  /** The path of the file of revoked tokens. */
  readonly revoked?: string;
}
