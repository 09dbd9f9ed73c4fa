/** Docker's name for the host of a container, which Linux does not know by itself. */
export const HOST_GATEWAY = "host.docker.internal";

export const isLoopback = (url: string): boolean => /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname);

/** Returns the address at which a container reaches what this host serves. */
export function onGateway(url: string): string {
  const changed = new URL(url);
  changed.hostname = HOST_GATEWAY;
  return changed.toString().replace(/\/$/, "");
}

/** Returns where containers reach a server that runs elsewhere: `containerUrl`, or its `url` by way of the host. */
export const containerUrlOf = ({
  url = "",
  containerUrl,
}: {
  readonly url?: string | undefined;
  readonly containerUrl?: string | undefined;
}): string => containerUrl ?? (URL.canParse(url) && isLoopback(url) ? onGateway(url) : url);
