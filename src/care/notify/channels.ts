import type { Declaration } from "../../config/schema.ts";
import type { References } from "../../references/resolver.ts";
import type { Channel } from "./send.ts";

export type DeclaredChannel = NonNullable<Declaration["notify"]>[number] & { readonly name: string };

export const channelsOf = ({ notify = [] }: Pick<Declaration, "notify">): DeclaredChannel[] =>
  notify.map((channel) => ({ ...channel, name: channel.name ?? channel.type }));

/** The domain, or what else tells one's servers apart. */
export const instanceOf = ({ production, name }: Declaration, project: string): string =>
  name ?? production?.domain ?? project;

/** With its secrets, all that cannot be read told at once. */
export async function openChannels(
  declaration: Declaration,
  wanted: readonly DeclaredChannel[],
  references: References,
): Promise<Channel[]> {
  const all = channelsOf(declaration);
  const at = ({ name }: DeclaredChannel) => all.findIndex((one) => one.name === name);
  const found = await references.resolveAll(
    Object.fromEntries(
      wanted.flatMap((channel) => [
        [`notify.${at(channel)}.url`, channel.url],
        ...(channel.secret === undefined ? [] : [[`notify.${at(channel)}.secret`, channel.secret]]),
      ]),
    ),
  );
  return wanted.flatMap((channel) => {
    const [url, secret] = [found[`notify.${at(channel)}.url`], found[`notify.${at(channel)}.secret`]];
    return url === undefined ? [] : [{ name: channel.name, type: channel.type, url, ...(secret && { secret }) }];
  });
}
