import { isDeepStrictEqual } from "node:util";
import { CodedError } from "../base/errors.ts";
import type { Declaration } from "../config/schema.ts";
import { DEFAULT_IMAGE, serverKind } from "../config/server.ts";
import { CAPABILITIES, generationOf } from "../glitchtip/versions.ts";
import type { InitOptions } from "./new-declaration.ts";
import { type AnyTopology, declaredFor, type Expected, sizeFor } from "./size/index.ts";

export type ExpectedSize = Pick<Expected, "eventsPerDay" | "retentionDays">;

/** The keys of a new declaration that an expected number of events comes to. */
export function sizedFor({ size, image = DEFAULT_IMAGE, topology, production, existing }: InitOptions) {
  if (size === undefined) return undefined;
  if (existing !== undefined) throw notOurs(existing.url);
  return keysFor(size, { image, topology, production: production !== undefined });
}

function keysFor(
  size: ExpectedSize,
  { image, topology, production }: { image: string; topology: AnyTopology | undefined; production: boolean },
) {
  const generation = generationOf(image)?.generation;
  const possible = generation === undefined ? [] : CAPABILITIES[generation].topologies;
  return declaredFor(sizeFor({ ...size, production, topology, possible }));
}

/** Puts what a size comes to into a declaration that is there, where it says nothing of it; another word of it stays and is an error. */
export async function withSize(text: string, declaration: Declaration, size: ExpectedSize): Promise<string> {
  const { server, production, limits, postgres } = declaration;
  if (serverKind(declaration) !== "bundled") throw notOurs(server.url ?? "");
  const { image = DEFAULT_IMAGE, topology } = server;
  const wanted = keysFor(size, { image, topology, production: production !== undefined });
  const each: readonly (readonly [readonly string[], unknown, unknown])[] = [
    [["server", "topology"], wanted.server.topology, topology],
    [["server", "retention", "events"], wanted.server.retention.events, server.retention?.events],
    [["limits"], wanted.limits, limits],
    [["postgres"], wanted.postgres, postgres],
  ];
  const others = each.filter(([, one, found]) => found !== undefined && !isDeepStrictEqual(one, found));
  if (others.length > 0) {
    throw new CodedError("GC1001", "glitchtip.yaml is there already and says something else of its size", {
      problems: others.map(
        ([path, one, found]) => `${path.join(".")}: ${JSON.stringify(one)} by --size, ${JSON.stringify(found)} there`,
      ),
      remedy: "Take these keys out of glitchtip.yaml, or change them there, then run init again.",
    });
  }
  const { editDeclaration } = await import("../config/edit.ts");
  return each.reduce(
    (edited, [path, one, found]) => (found === undefined ? editDeclaration(edited, path, one) : edited),
    text,
  );
}

const notOurs = (url: string) =>
  new CodedError("GC1001", `--size is for a GlitchTip of this stack, and ${url} is one that is there already`, {
    remedy: "Leave --size away.",
  });
