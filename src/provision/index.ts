export { type AskRotation, askReadBack, rotationAsker } from "./ask-provisioner.ts";
export type { ProvisionChange } from "./check.ts";
export { type LocalResult, provisionLocally } from "./local/provision-locally.ts";
export { chooseSignIn } from "./local/server-access.ts";
export { providedDsnState, providedVariables, writeProvidedEnv } from "./provider.ts";
export { provisionServer } from "./provision.ts";
export { type ReadBackLine, type ReadBackRequest, readBackEvents, readBackRequest } from "./read-back.ts";
export { executeRotation, type RotateAnswer, rotateRequest } from "./rotate/execute.ts";
export { describeHolders } from "./rotate/holders.ts";
export { deleteRetiring, type RotateResult, rotateKeys } from "./rotate/rotate.ts";
export { obtainToken, signInOnce, tokenFrom } from "./token.ts";
export { provisionerReader, readerWithProviders } from "./verify/read.ts";
export { containerSender, dsnOnThisMachine, senderOfWrapped } from "./verify/send.ts";
export {
  type AppToVerify,
  chooseApps,
  type EventPlace,
  eventPlaceOf,
  type VerifyResult,
  verifyApps,
} from "./verify/verify.ts";
