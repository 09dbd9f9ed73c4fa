import { Alias, Document, isMap, isScalar, Pair, Scalar, visit, type YAMLMap } from "yaml";
import type { ComposeService } from "./model.ts";
import type { OurStack } from "./services.ts";

const HEADER = ` Made by glitchtip-compose from glitchtip.yaml: change that file, then run \`npx glitchtip-compose init\`.
 Settings of your own for a service below go into a further file in COMPOSE_FILE (.env).`;

const EVERY_SERVICE = "glitchtip-service";
const SERVER = "glitchtip-server";
const ENVIRONMENT = "glitchtip-environment";

/** compose.glitchtip.yaml: what services share stands once, as an anchor. */
export function composeText(
  { everyService, server, environment, services }: OurStack,
  overlays: Readonly<Record<string, ComposeService>>,
  top: Readonly<Record<string, unknown>>,
): string {
  const document = new Document(
    {
      [`x-${EVERY_SERVICE}`]: everyService,
      [`x-${ENVIRONMENT}`]: environment,
      [`x-${SERVER}`]: server,
      services: Object.fromEntries(Object.entries(services).map(([name, { own }]) => [name, own])),
      ...top,
    },
    // Compose's parser knows some of YAML 1.1: with its rules "no" and "0:0" are quoted.
    { version: "1.1", aliasDuplicateObjects: false, keepUndefined: false },
  );
  const mapAt = (...path: string[]): YAMLMap => {
    const node = document.getIn(path);
    if (!isMap(node)) throw new TypeError(`no map at ${path.join(".")}`);
    return node;
  };
  for (const name of [EVERY_SERVICE, ENVIRONMENT, SERVER]) mapAt(`x-${name}`).anchor = name;
  mergeInto(mapAt(`x-${SERVER}`), EVERY_SERVICE);
  mapAt(`x-${SERVER}`).items.push(new Pair(new Scalar("environment"), new Alias(ENVIRONMENT)));
  for (const [name, { own, fromServer }] of Object.entries(services)) {
    mergeInto(mapAt("services", name), fromServer ? SERVER : EVERY_SERVICE);
    if (fromServer && own.environment !== undefined) mergeInto(mapAt("services", name, "environment"), ENVIRONMENT);
  }
  appendOverlays(document, mapAt("services"), overlays);
  layOut(document, mapAt());
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

const mergeInto = (map: YAMLMap, anchor: string) => map.items.unshift(new Pair(new Scalar("<<"), new Alias(anchor)));

function appendOverlays(
  document: Document,
  services: YAMLMap,
  overlays: Readonly<Record<string, ComposeService>>,
): void {
  let comment: string | undefined = " Your services: what gives them their DSN.";
  for (const [name, overlay] of Object.entries(overlays)) {
    const pair = document.createPair(name, overlay) as Pair<Scalar>;
    pair.key.commentBefore = comment ?? null;
    pair.key.spaceBefore = true;
    comment = undefined;
    services.items.push(pair);
  }
}

/** Short lists of scalars on one line, a blank line between the parts. */
function layOut(document: Document, root: YAMLMap): void {
  document.commentBefore = HEADER;
  for (const map of [root, root.get("services") as YAMLMap]) {
    map.items.forEach(({ key }, i) => {
      if (i > 0 && isScalar(key)) key.spaceBefore = true;
    });
  }
  visit(document, {
    Seq(_, list) {
      const length = list.items.reduce(
        (sum: number, item) => sum + (isScalar(item) ? String(item.value).length + 4 : 100),
        0,
      );
      list.flow = length < 100;
    },
    Map(_, map) {
      if (map.has("condition")) map.flow = true;
    },
  });
}
