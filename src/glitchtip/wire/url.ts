/** Undefined for what is none. Once: `URL.canParse` before would read it twice, and a plan reads thousands. */
export function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** As the server stores it: host in lower case, no default port, percent-encoded (alerts: "international host name"). */
export const normalUrl = (url: string): string => (url === "" ? url : (urlOf(url)?.href ?? url));
