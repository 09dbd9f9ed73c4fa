import type { Secret } from "../../base/secret.ts";
import type { DesiredServer, Reference } from "./model.ts";

export type Resolve = (reference: Reference) => Promise<Secret>;

/** The comparable form: every reference becomes its secret, and the Jira bridge's URLs are put together. */
export async function resolveDesired(_desired: DesiredServer<Reference>, _resolve: Resolve): Promise<DesiredServer> {
  throw new Error("not built yet");
}
