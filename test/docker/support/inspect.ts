import { runProcess } from "../../../src/base/process.ts";

/** What `docker inspect` says of a container, as far as tests ask. */
export interface InspectedContainer {
  readonly Id: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly ExitCode: number;
    readonly Pid: number;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly Mounts: readonly { readonly Destination: string }[];
  readonly HostConfig: {
    readonly Memory: number;
    readonly PidsLimit: number | null;
    readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly Gateway: string }>>;
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;
  };
}

export async function inspect(containers: readonly string[]): Promise<InspectedContainer[]> {
  if (containers.length === 0) return [];
  const { code, stdout, stderr } = await runProcess("docker", ["inspect", "--type", "container", ...containers]);
  if (code !== 0) throw new Error(`docker inspect ended with ${code}\n${stderr}`);
  return JSON.parse(stdout) as InspectedContainer[];
}
