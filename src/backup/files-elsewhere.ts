type Environment = Readonly<Record<string, string | null | undefined>> | undefined;

/** GlitchTip's settings that put files into a bucket instead of its uploads folder. */
const BUCKETS = {
  AWS_STORAGE_BUCKET_NAME: "uploads",
  GS_BUCKET_NAME: "uploads",
  AZURE_CONTAINER: "uploads",
  GLITCHTIP_COLD_STORAGE_BUCKET: "old events",
  GLITCHTIP_COLD_STORAGE_DIR: "old events",
} as const;

/** Returns what a server with this environment keeps outside of its database and its uploads folder: no backup has it. */
export const filesElsewhere = (environment: Environment): string[] =>
  Object.entries(BUCKETS).flatMap(([name, what]) => {
    const place = environment?.[name];
    return place ? [`${what} in ${place} (${name})`] : [];
  });
