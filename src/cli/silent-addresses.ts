import { addressAsker, addressNotice, audienceAddresses } from "../checks/index.ts";
import type { Declaration } from "../config/schema.ts";
import type { Docker } from "../docker/index.ts";
import { observeStack } from "../running/index.ts";
import type { CliContext } from "./context.ts";

/** Returns a line for each address in DSNs for the host or the public at which no GlitchTip answers from this machine. */
export async function silentAddresses(
  context: Pick<CliContext, "env" | "signal">,
  docker: Docker,
  declaration: Declaration,
): Promise<string[]> {
  const stack = await observeStack(docker);
  const found = await audienceAddresses(docker, declaration, stack, addressAsker(context, declaration));
  return found.flatMap((one) => addressNotice(one) ?? []);
}
