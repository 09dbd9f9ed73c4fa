export { changeSecret, requireOurs } from "./change.ts";
export { ENDS, WHAT, type What } from "./ends.ts";
export { listSecrets } from "./list.ts";
export type { SecretFile } from "./progress.ts";
export { changeToken } from "./token.ts";
