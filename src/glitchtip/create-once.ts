import type { Clock } from "../base/wait.ts";
import { outcomeUnknown } from "./patience.ts";

const LOOKS = 3;

/** After an error whose outcome is unknown the server is asked first: what is there already is taken. */
export async function createOnce<T>(
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  create: () => Promise<T>,
  look: () => Promise<T | undefined>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await create();
    } catch (error) {
      if (!outcomeUnknown(error)) throw error;
      await clock.sleep(500 * tries, signal);
      const found = await look();
      if (found !== undefined) return found;
      if (tries >= LOOKS) throw error;
    }
  }
}

interface Numbered {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

/**
 * A duplicate name silently gets a number (`shop-2`, projects scenario): somebody made the same project meanwhile. Ours,
 * still empty, goes, and theirs is taken.
 */
export async function theOlder<P extends Numbered>(
  made: P,
  projects: () => Promise<readonly P[]>,
  deleteOurs: () => Promise<void>,
): Promise<P> {
  if (!/-\d+$/.test(made.slug) || made.slug === made.name) return made;
  const same = (await projects()).filter(({ name }) => name === made.name);
  const older = same.find(({ id }) => Number(id) < Number(made.id));
  if (older === undefined) return made;
  await deleteOurs();
  return older;
}
