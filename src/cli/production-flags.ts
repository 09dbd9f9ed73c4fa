import type { Command } from "commander";
import { CodedError } from "../base/errors.ts";
import type { HostNetwork, ProductionHost } from "../checks/index.ts";
import type { InitOptions } from "../init/index.ts";
import { projectNameOf } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";

export interface ProductionFlags {
  readonly production?: boolean;
  readonly domain?: string;
  readonly proxy?: string;
  readonly tls?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly emailUrl?: string;
  readonly preflight?: boolean;
}

export const withProductionFlags = (command: Command): Command =>
  command
    .option("--production", "HTTPS in front, closed to strangers, the worker apart; with --domain")
    .option("--domain <name>", "the public name, such as errors.example.com")
    .option("--proxy <kind>", "caddy (default), traefik, nginx or none")
    .option("--tls <mode>", "auto (default), internal or own")
    .option("--certificate <file>", "tls own: the certificate with its chain (PEM)")
    .option("--key <file>", "tls own: its private key (PEM)")
    .option("--email-url <reference>", "file:PATH or env:NAME of the mail server's address")
    .option("--no-preflight", "production: do not look at the name in DNS and at ports 80 and 443");

/** What the flags say; the schema judges the values. A name that is missing is asked for on a terminal. */
export async function productionOptions(
  flags: ProductionFlags,
  askDomain?: () => Promise<string>,
): Promise<Pick<InitOptions, "production" | "emailUrl">> {
  const { proxy, tls, emailUrl } = flags;
  const [certificate, key] = [flags.certificate, flags.key].map((path) => path && `file:${path.replace(/^file:/, "")}`);
  const more = Object.fromEntries(
    Object.entries({ proxy, tls, certificate, key }).filter(([, value]) => value !== undefined),
  );
  const wanted = flags.production === true || Object.keys(more).length > 0;
  const domain = flags.domain ?? (wanted ? await askDomain?.() : undefined);
  if (domain === undefined && wanted) {
    throw new CodedError("GC1002", "it is not said under which name GlitchTip is reached", {
      remedy: "Type: init --production --domain errors.example.com",
    });
  }
  return {
    ...(domain === undefined ? {} : { production: { domain, ...more } }),
    ...(emailUrl === undefined ? {} : { emailUrl }),
  };
}

/** This machine and its engine, which are asked for a project in production only. */
export const productionHost = (context: CliContext, { preflight = true }: ProductionFlags): ProductionHost => ({
  nowMs: () => context.clock.now(),
  ...(preflight
    ? { network: ({ dir, composeProjectName }) => hostNetwork(context, projectNameOf(dir, composeProjectName)) }
    : {}),
});

async function hostNetwork(context: CliContext, projectName: string): Promise<HostNetwork> {
  const { openDocker } = await import("../docker/index.ts");
  const { thisMachine } = await import("../checks/index.ts");
  const located = await openDocker(context)
    .located()
    .catch((error: unknown) => {
      if (error instanceof CodedError && error.code === "GC1601") return undefined;
      throw error;
    });
  return {
    ...thisMachine(context.clock),
    projectName,
    taken: {
      ports: await located?.engine.publishedPorts(),
      here: located === undefined || /^(unix|npipe):/.test(located.address.host),
    },
  };
}
