import type { UserProject, UserService } from "./model.ts";
import { Refusal } from "./refusal.ts";

/** Where an app meets GlitchTip. */
export interface Meeting {
  /** It uses the published port, as programs of the host do. */
  readonly onHost: boolean;
  /** Another service, whose network this one shares: that one has to join GlitchTip's. */
  readonly carrier?: string;
}

const SERVICE = "service:";

export function meetingOf(name: string, { networkMode }: UserService, user: UserProject): Meeting {
  let mode = networkMode;
  let carrier: string | undefined;
  // Compose refuses a circle, and so does our reading.
  while (mode?.startsWith(SERVICE)) {
    carrier = mode.slice(SERVICE.length);
    mode = user.services[carrier]?.networkMode;
  }
  if (mode === "host") return { onHost: true };
  if (mode === undefined) return { onHost: false, ...(carrier === undefined ? {} : { carrier }) };
  const whose =
    carrier === undefined ? `service ${name} has` : `service ${name} shares the network of ${carrier}, which has`;
  throw new Refusal(
    "GC1109",
    `${whose} network_mode: ${mode}, so it cannot reach GlitchTip; take that line away or use host`,
  );
}

/** Naming any network takes a service out of `default`, where it is as long as it names none. */
export const joined = ({ hasNetworks }: UserService): string[] =>
  hasNetworks ? ["glitchtip"] : ["default", "glitchtip"];
