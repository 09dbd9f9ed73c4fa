export interface Project {
  readonly id: number;
  readonly organizationId: number;
  readonly name: string;
  readonly slug: string;
  readonly platform: string | null;
  readonly created: string;
  readonly firstEvent: string | null;
  readonly eventThrottleRate: number;
  readonly teamIds: readonly number[];
  readonly issueCount: number;
  readonly deletedAtMs: number | null;
}

export interface Key {
  readonly id: number;
  readonly projectId: number;
  readonly name: string;
  /** UUID with dashes. */
  readonly publicKey: string;
  readonly rateLimit: { readonly window: number; readonly count: number } | null;
  readonly created: string;
}

export interface AlertRecipient {
  readonly id: number;
  readonly recipientType: string;
  readonly url: string;
  readonly tagsToAdd: readonly string[];
  readonly config: Readonly<Record<string, unknown>> | null;
}

export interface Alert {
  readonly id: number;
  readonly projectId: number;
  readonly name: string;
  readonly timespanMinutes: number | null;
  readonly quantity: number | null;
  readonly uptime: boolean;
  readonly recipients: readonly AlertRecipient[];
}

interface Check {
  readonly isUp: boolean;
  readonly startCheck: string;
  readonly reason: number | null;
}

export interface Monitor {
  readonly id: number;
  readonly organizationId: number;
  readonly projectId: number | null;
  readonly monitorType: string;
  readonly endpointId: string | null;
  readonly name: string;
  readonly url: string;
  readonly expectedStatus: number | null;
  readonly expectedBody: string;
  readonly interval: number;
  readonly timeout: number | null;
  readonly created: string;
  readonly checks: readonly Check[];
}

export interface StatusPage {
  readonly id: number;
  readonly organizationId: number;
  readonly name: string;
  readonly slug: string;
  readonly isPublic: boolean;
}
