/** Returns a size for people, such as `1.5 MiB` or `120 MiB`. */
export const formatMebibytes = (bytes: number): string =>
  `${(bytes / 1_048_576).toFixed(bytes < 10_485_760 ? 1 : 0)} MiB`;
