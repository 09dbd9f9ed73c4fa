import { stdin } from "node:process";
import { setTimeout as pause } from "node:timers/promises";

const READ_MS = 20;

/**
 * Discards what was typed before a question was shown. An Enter of before would reach the question as a line feed, which is the
 * arrow down to `@clack/prompts` and turns Yes into No.
 */
export async function discardTypedAhead(): Promise<void> {
  if (!stdin.isTTY) return;
  stdin.setRawMode(true);
  stdin.resume();
  await pause(READ_MS);
  stdin.pause();
  stdin.setRawMode(false);
}
