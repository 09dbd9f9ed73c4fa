/** Names and addresses of inner networks, which 6.x refuses for alerts and monitors (read). */
export function isPrivateHost(hostname: string): boolean {
  if (hostname === "localhost" || hostname.endsWith(".localhost") || !hostname.includes(".")) return true;
  return /^(10|127|0)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\./.test(hostname);
}
