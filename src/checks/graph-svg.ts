import { cleanLine } from "../base/clean.ts";
import type { GraphService, StackGraph } from "./graph.ts";

/** All lengths are in pixels. A letter is as wide as that of a usual monospace font of this size. */
const FONT = 12;
const LETTER = 7.3;
const ROW = 24;
const COLUMN = 22;
const MARGIN = 16;
/** The names on top of the columns are turned by 60 degrees: so much of their length is their height and width. */
const TURN = { degrees: -60, height: 0.866, width: 0.5 };

/** The kinds of columns, from left to right. */
const KINDS = [
  { key: "networks", title: "network", colour: "#1f6feb" },
  { key: "volumes", title: "volume", colour: "#1a7f37" },
  { key: "secrets", title: "secret", colour: "#cf222e" },
] as const;

interface Column {
  readonly name: string;
  readonly title: string;
  readonly colour: string;
  /** The numbers of the rows that it connects. */
  readonly rows: readonly number[];
}

/**
 * Returns the graph as an SVG: a row for each service with its ports, a column for each network, volume and secret, and a
 * dot where a service has it. No line crosses a name, whatever the number of services.
 */
export function svgOf(graph: StackGraph): string {
  const services = Object.entries(graph);
  const columns = KINDS.flatMap(({ key, title, colour }) => columnsOf(services, key, { title, colour }));
  const longest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => cleanLine(text).length)) * LETTER;
  const nameWidth = longest(services.map(([name]) => name)) + 16;
  const portsLeft = MARGIN + nameWidth + 10;
  const portsWidth = longest(services.map(([, { ports }]) => ports.join("  ")));
  const left = portsLeft + portsWidth + COLUMN;
  const labels = longest(columns.map(({ name }) => name));
  const top = MARGIN + 3 * ROW + labels * TURN.height;
  const size = {
    width: Math.ceil(Math.max(left + columns.length * COLUMN + labels * TURN.width + MARGIN, 560)),
    height: Math.ceil(top + services.length * ROW + MARGIN),
  };
  const x = (column: number) => left + column * COLUMN;
  const y = (row: number) => top + row * ROW + ROW / 2;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" font-family="ui-monospace, monospace" font-size="${FONT}">`,
    "<title>The services of the stack, and what each is connected to</title>",
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...legend(),
    ...services.flatMap(([name, { ports }], row) => [
      ...(row % 2 === 0
        ? [rectangle({ x: 0, y: top + row * ROW, width: size.width, height: ROW, fill: "#f6f8fa" })]
        : []),
      rectangle({ x: MARGIN, y: y(row) - 9, width: nameWidth, height: 18, fill: "#ffffff", stroke: "#57606a", rx: 4 }),
      text({ x: MARGIN + 8, y: y(row) + 4 }, name),
      ...(ports.length === 0 ? [] : [text({ x: portsLeft, y: y(row) + 4, fill: "#8250df" }, ports.join("  "))]),
    ]),
    ...columns.flatMap((column, at) => columnLines(column, x(at), top, y)),
    "</svg>",
  ];
  return lines.join("\n");
}

function columnsOf(
  services: readonly (readonly [string, GraphService])[],
  key: (typeof KINDS)[number]["key"],
  look: Pick<Column, "title" | "colour">,
): Column[] {
  const rows = new Map<string, number[]>();
  for (const [row, [, of]] of services.entries()) {
    for (const name of of[key]) rows.set(name, [...(rows.get(name) ?? []), row]);
  }
  return [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, at]) => ({ name, rows: at, ...look }));
}

function columnLines(
  { name, title, colour, rows }: Column,
  x: number,
  top: number,
  y: (row: number) => number,
): string[] {
  const [first = 0, last = 0] = [rows[0], rows.at(-1)];
  const turned = `rotate(${TURN.degrees} ${x} ${top - 8})`;
  return [
    element("line", { x1: x, y1: top - 4, x2: x, y2: y(last), stroke: colour, "stroke-opacity": 0.25 }),
    element("line", { x1: x, y1: y(first), x2: x, y2: y(last), stroke: colour, "stroke-width": 2 }),
    ...rows.map((row) => element("circle", { cx: x, cy: y(row), r: 5, fill: colour })),
    text({ x, y: top - 8, fill: colour, transform: turned }, name, title),
  ];
}

function legend(): string[] {
  const entries = [
    ...KINDS.map(({ title, colour }) => [colour, title] as const),
    ["#8250df", "published port: address:port:port in the container"] as const,
  ];
  let x = MARGIN + 6;
  return entries.flatMap(([colour, title]) => {
    const at = x;
    x += title.length * LETTER + 36;
    const y = MARGIN + 4;
    return [element("circle", { cx: at, cy: y, r: 5, fill: colour }), text({ x: at + 12, y: y + 4 }, title)];
  });
}

type Attributes = Readonly<Record<string, string | number>>;

const rounded = (value: string | number): string =>
  escaped(typeof value === "number" ? String(Math.round(value * 10) / 10) : value);
const attributesText = (attributes: Attributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${rounded(value)}"`)
    .join("");
const element = (name: string, attributes: Attributes): string => `<${name}${attributesText(attributes)}/>`;
const rectangle = (attributes: Attributes): string => element("rect", attributes);

/** Returns a text, with what it is as the tip that browsers show. */
const text = (attributes: Attributes, content: string, title?: string): string => {
  const tip = title === undefined ? "" : `<title>${escaped(`${title} ${content}`)}</title>`;
  return `<text${attributesText({ fill: "#1f2328", ...attributes })}>${escaped(content)}${tip}</text>`;
};

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Escapes a text for XML, which has no way to write most control characters. */
const escaped = (content: string): string =>
  cleanLine(content).replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
