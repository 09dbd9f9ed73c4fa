import { connect } from "./dockerode.ts";
import type { EngineAddress } from "./places.ts";

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
