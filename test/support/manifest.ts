import { type BackupManifest, newManifest } from "../../src/backup/manifest.ts";

/** Returns the manifest of a small stack of generation 6, with the fields that a test states. */
export const manifestWith = (more: Partial<BackupManifest> = {}): BackupManifest => ({
  ...newManifest({
    name: "glitchtip-20261121-031500Z",
    createdAt: "2026-11-21T03:15:00.000Z",
    reason: "manual",
    project: "shop",
    tool: "1.0.0",
    glitchtip: { generation: "6", image: "glitchtip/glitchtip:6" },
    postgres: { version: "17.1", major: 17 },
    database: { bytes: 1_000_000, tables: {} },
    secrets: "none",
    verified: "trial restore",
    files: [],
  }),
  ...more,
});
