/** Which other options an option of `init` needs or contradicts, with the text of the error. */

export const NEEDS_DOMAIN = {
  oneOf: ["domain"],
  problem: "it is not said under which name GlitchTip is reached: --domain errors.example.com",
} as const;
export const NEEDS_SERVER = {
  oneOf: ["serverUrl"],
  problem: "without --server-url URL there is no server to sign in to: it is for a GlitchTip that is there already",
};
export const NEEDS_MAIL_HOST = {
  oneOf: ["emailHost"],
  problem: "without --email-host NAME there is no mail server to write the address of",
};
export const OWN_STACK_ONLY = {
  option: "serverUrl",
  problem: (name: string, url: string) =>
    `${name} is for a GlitchTip of this stack, not for ${url.replace(/\/\/[^/]*@/, "//…@")}`,
} as const;
