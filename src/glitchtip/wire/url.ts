/** As the server stores it: host in lower case, no default port, percent-encoded (alerts: "international host name"). */
export const normalUrl = (url: string): string => (URL.canParse(url) ? new URL(url).href : url);
