import { basename } from "node:path";
import type { RunningStack } from "./observe.ts";
import { dividedByRecreation } from "./state.ts";

/**
 * Returns the running apps that were started without our Compose file, so without a DSN. `stackFiles`: the names that our
 * file may have. Not judged are containers without Compose's label, and those that an interrupted `up` was about to replace.
 */
export const appsStartedWithoutOurs = (
  { containers }: RunningStack,
  apps: readonly string[],
  stackFiles: readonly string[],
): string[] => {
  const { interrupted } = dividedByRecreation(containers);
  return apps.filter(
    (app) =>
      !interrupted.includes(app) &&
      containers.some(
        ({ service, state, configFiles }) =>
          service === app &&
          state === "running" &&
          configFiles !== undefined &&
          !configFiles.some((path) => stackFiles.includes(basename(path))),
      ),
  );
};

/** Says what happened to one of these apps. */
export const STARTED_WITHOUT_OURS =
  "was started without our Compose file, so it has no DSN: by -f, by --env-file, or by another COMPOSE_FILE in the shell or in .env";
