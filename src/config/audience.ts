/** Who uses a DSN: inside the Compose network, on the host by the published port, or a browser by the public address. */
export const AUDIENCES = ["container", "host", "public"] as const;
export type Audience = (typeof AUDIENCES)[number];
