import { CodedError } from "../base/errors.ts";
import type { ComposeConfig } from "../compose/model.ts";
import { collides, hostPorts, portText } from "../compose/ports.ts";
import type { Docker } from "../docker/index.ts";
import { PROXY, SERVER } from "../stack/service-names.ts";

/**
 * Throws GC1603 where a port that the server or its proxy publishes is in use by a container of another Compose project,
 * such as the original of a restored copy.
 */
export async function requireFreePorts(docker: Docker, { name, services }: ComposeConfig): Promise<void> {
  const wanted = [SERVER, PROXY].flatMap((service) => (services[service]?.ports ?? []).flatMap(hostPorts));
  if (wanted.length === 0) return;
  const { engine } = await docker.located();
  const published = await engine.publishedPorts();
  const problems = wanted.flatMap((port) => {
    const holder = published.find((one) => one.project !== name && collides(one, port));
    return holder === undefined ? [] : [`${portText(port)} is in use by ${holder.container}`];
  });
  if (problems.length === 0) return;
  throw new CodedError("GC1603", `the server of ${name} could not start: its port is taken`, {
    problems,
    remedy: "Set GLITCHTIP_PORT in .env to a free port, or stop what uses it. Nothing was changed in any database.",
  });
}
