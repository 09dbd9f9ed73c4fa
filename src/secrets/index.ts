export { changeSecret, requireManagedSecret } from "./change.ts";
export {
  listSecrets,
  ROTATABLE_SECRETS,
  ROTATION_EFFECTS,
  type RotatableSecret,
  type SecretFile,
} from "./managed-secrets.ts";
export { changeToken } from "./token.ts";
