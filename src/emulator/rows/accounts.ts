export type Role = "member" | "admin" | "manager" | "owner";

export interface User {
  readonly id: number;
  readonly email: string;
  readonly passwordHash: string;
  readonly isSuperuser: boolean;
  readonly created: string;
  readonly lastLogin: string | null;
}

/** How a session was opened, as the sign-in API lists it. */
export interface SignInMethod {
  readonly method: "password" | "signup";
  readonly at: number;
  readonly email?: string;
}

export interface Session {
  readonly id: number;
  readonly key: string;
  readonly userId: number;
  readonly methods: readonly SignInMethod[];
}

export interface Token {
  readonly id: number;
  readonly userId: number;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly token: string;
  readonly created: string;
}

export interface Organization {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
  readonly created: string;
  readonly eventThrottleRate: number;
  readonly ownerMemberId: number | null;
  readonly deletedAtMs: number | null;
}

export interface Member {
  readonly id: number;
  readonly organizationId: number;
  readonly userId: number | null;
  /** Of an invitation that was not accepted yet. */
  readonly email: string | null;
  readonly role: Role;
  readonly created: string;
}

export interface Team {
  readonly id: number;
  readonly organizationId: number;
  readonly slug: string;
  readonly created: string;
  readonly memberIds: readonly number[];
}
