import type Dockerode from "dockerode";
import { connect } from "./dockerode.ts";
import type { EngineAddress } from "./places.ts";

/** What a container of an image executes by default. */
export interface ImageStart {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/** Returns undefined where the engine does not have the image, or not for this platform (`linux/arm64`). */
export async function imageStart(
  address: EngineAddress,
  reference: string,
  platform?: string,
): Promise<ImageStart | undefined> {
  const image = (await connect(address)).getImage(reference);
  try {
    // An engine older than API 1.49 ignores the platform: it has one image for each name.
    const { Config } = await image.inspect(platform === undefined ? {} : { ...query(platform) });
    return { entrypoint: words(Config.Entrypoint), command: words(Config.Cmd) };
  } catch (error) {
    if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return undefined;
    throw error;
  }
}

function query(platform: string): Dockerode.ImageInspectOptions {
  const [os, architecture, variant] = platform.split("/");
  const wanted = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  return { platform: JSON.stringify(wanted) } as Dockerode.ImageInspectOptions;
}

/** Docker answers with a list; Podman answers with a text for some images. */
const words = (value: string | readonly string[] | null | undefined): readonly string[] =>
  typeof value === "string" ? [value] : (value ?? []);

/** Returns the digest of an image in its registry, or undefined where it has none or the engine does not have the image. */
export async function registryDigest(address: EngineAddress, reference: string): Promise<string | undefined> {
  try {
    const { RepoDigests } = await (await connect(address)).getImage(reference).inspect();
    const repository = repositoryOf(reference);
    return (RepoDigests ?? [])
      .map((one) => one.split("@"))
      .find(([name = ""]) => repositoryOf(name) === repository)?.[1];
  } catch (error) {
    if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return undefined;
    throw error;
  }
}

/** Returns the repository without tag, digest and the default registry. */
const repositoryOf = (reference: string): string =>
  reference
    .replace(/@.*$/, "")
    .replace(/:[^:/]*$/, "")
    .replace(/^docker\.io\//, "")
    .replace(/^library\//, "");

export interface ImageDetails {
  readonly id: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Returns undefined where the engine does not have the image. */
export async function imageDetails(address: EngineAddress, reference: string): Promise<ImageDetails | undefined> {
  try {
    const { Id, Config } = await (await connect(address)).getImage(reference).inspect();
    return { id: Id, env: Object.fromEntries((Config.Env ?? []).map(split)) };
  } catch (error) {
    if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return undefined;
    throw error;
  }
}

const split = (line: string): [string, string] => {
  const [name = "", ...value] = line.split("=");
  return [name, value.join("=")];
};

/** Returns the tags of the same repository that the engine has. */
export async function imagesBeside(address: EngineAddress, reference: string): Promise<string[]> {
  const all = await (await connect(address)).listImages();
  const tags = all.flatMap(({ RepoTags }) => RepoTags ?? []);
  return tags.filter((tag) => repositoryOf(tag) === repositoryOf(reference)).sort();
}
