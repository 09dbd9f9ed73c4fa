/** Returns a size for people, such as `1.5 MiB`, `120 MiB` or `12.5 GiB`. */
export const formatSize = (bytes: number): string =>
  bytes < 10_737_418_240
    ? `${(bytes / 1_048_576).toFixed(bytes < 10_485_760 ? 1 : 0)} MiB`
    : `${(bytes / 1_073_741_824).toFixed(1)} GiB`;
