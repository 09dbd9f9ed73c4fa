/** Which other options an option of `init` needs or contradicts, with the text of the error. */

export const NEEDS_DOMAIN = {
  oneOf: ["domain"],
  problem: (name: string) => `${name} needs the name under which GlitchTip is reached: --domain errors.example.com`,
};
export const NEEDS_SERVER = {
  oneOf: ["serverUrl"],
  problem: (name: string) => `${name} is for a GlitchTip that is there already; --server-url URL says which`,
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
