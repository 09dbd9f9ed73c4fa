/** Returns what is wrong with the address of a queue's engine, without the address, and what to write; undefined if it is right. */
export function queueAddressProblem(
  address: string,
): { readonly message: string; readonly remedy: string } | undefined {
  if (!/^(?:rediss?|postgres(?:ql)?):\/\//.test(address)) {
    return {
      message: "the address of the queue begins with neither redis://, rediss:// nor postgres://",
      remedy: "Name a Valkey, a Redis or a Postgres: --queue redis://valkey:6379",
    };
  }
  if (isUrlWithHost(address)) return undefined;
  return {
    message: "the address of the queue cannot be read as a URL with a host",
    remedy:
      "Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE; in the password, @ is %40, # is %23, / is %2F, % is %25.",
  };
}

/** Returns whether an address has a host, and no part of a password that is not encoded stands behind it. */
function isUrlWithHost(address: string): boolean {
  try {
    const { hostname, pathname, hash, username, password, searchParams } = new URL(address);
    decodeURIComponent(`${username}${password}${pathname}`);
    return (hostname !== "" || searchParams.has("host")) && hash === "" && !pathname.includes("@");
  } catch {
    return false;
  }
}
