import { Secret } from "../base/secret.ts";
import { isPrivateHost } from "../glitchtip/wire/private-hosts.ts";

export const textOf = (value: string | Secret): string => (value instanceof Secret ? value.reveal() : value);

/** Query values that are secrets by their name; the Jira bridge's token stands in one. */
const SECRET_PARAMETER = /([?&][^=&#]*(?:token|key|secret|password|signature|sig)[^=&#]*=)[^&#]+/gi;

/** For people. Who knows a webhook's URL can post to it: of a secret one only scheme and host are shown. */
export function shownUrl(url: string | Secret): string {
  if (typeof url === "string") return url.replace(SECRET_PARAMETER, "$1[secret]").replace(/\/\/[^/@]+@/, "//[secret]@");
  const text = url.reveal();
  const origin = URL.canParse(text) ? new URL(text).origin : "null";
  return origin === "null" ? "[secret]" : `${origin}/[secret]`;
}

export const isPrivateUrl = (url: string): boolean => URL.canParse(url) && isPrivateHost(new URL(url).hostname);
