/** Which other options an option of `init` needs or contradicts, with the text of the error. */

export const NEEDS_DOMAIN = {
  oneOf: ["domain"],
  problem: (name: string) => `${name} needs the name under which GlitchTip is reached: --domain errors.example.com`,
};
export const NEEDS_SERVER = {
  oneOf: ["serverUrl"],
  problem: (name: string) => `${name} is for an existing GlitchTip: add its address by --server-url URL`,
};
export const NEEDS_MAIL_HOST = {
  oneOf: ["emailHost"],
  problem: "an option for the mail server needs its name: --email-host NAME",
};
export const OWN_STACK_ONLY = {
  option: "serverUrl",
  problem: (name: string, url: string) =>
    `${name} is for a GlitchTip of this stack, not for ${url.replace(/\/\/[^/]*@/, "//…@")}`,
} as const;
