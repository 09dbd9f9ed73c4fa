import type { WrittenStatus } from "../outputs/dsn-volume.ts";
import { containerOf, DSN_DIR, PROVISIONER, type RunningStack } from "./running-stack.ts";

/** From the stopped provisioner's volume: the file outlives its container's process. */
export async function provisionerStatus(stack: RunningStack): Promise<WrittenStatus | undefined> {
  const container = containerOf(stack, PROVISIONER);
  const text = container && (await stack.engine.readFile(container.id, `${DSN_DIR}/status.json`));
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const STARTED_BEFORE = "started before its DSN was written and does not know it";

/** An app reads its DSN when it starts: one that was running already goes on with what it had, or with none. */
export function startedBefore({ containers }: RunningStack, written: WrittenStatus | undefined): string[] {
  return Object.keys(written?.apps ?? {}).filter((app) => {
    const writtenAt = written?.writtenAt?.[app];
    return (
      writtenAt !== undefined &&
      containers.some(
        ({ service, state, sinceMs = Number.POSITIVE_INFINITY }) =>
          service === app && state === "running" && sinceMs < Date.parse(writtenAt),
      )
    );
  });
}

/** Nothing is broken by it, but somebody has to end it. */
export const openRotation = (written: WrittenStatus | undefined): string[] =>
  written?.rotating === undefined || written.rotating.length === 0
    ? []
    : [
        `the key of ${written.rotating.join(", ")} is being exchanged: npx glitchtip-compose rotate goes on, rotate --abort goes back`,
      ];
