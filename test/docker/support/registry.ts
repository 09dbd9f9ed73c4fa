import { runProcess } from "../../../src/base/process.ts";
import { until } from "./until.ts";

/** A registry on loopback that holds copies of images: only what a registry knows has a digest. */
export interface LocalRegistry extends AsyncDisposable {
  /** Host and port. */
  readonly address: string;
  /** The copies' names, by that of the original. */
  readonly names: Readonly<Record<string, string>>;
}

const docker = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runProcess("docker", args, { deadlineMs: 240_000 });
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: exit ${code}\n${stderr}`);
  return stdout.trim();
};

export async function localRegistry(images: readonly string[]): Promise<LocalRegistry> {
  const container = await docker("run", "-d", "--rm", "-p", "127.0.0.1::5000", "registry:2");
  const address = (await docker("port", container, "5000/tcp")).split("\n")[0]?.replace("127.0.0.1", "localhost") ?? "";
  const names = Object.fromEntries(images.map((image) => [image, `${address}/${image}`]));
  const remove = async () => {
    await docker("rm", "-f", "-v", container);
    for (const name of Object.values(names)) await docker("rmi", name).catch(() => {});
  };
  try {
    await until("the registry", async () => (await fetch(`http://${address}/v2/`).catch(() => undefined))?.ok);
    for (const [image, name] of Object.entries(names)) {
      await docker("tag", image, name);
      await docker("push", "-q", name);
    }
    return { address, names, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
