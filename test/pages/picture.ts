/**
 * Renders the pictures of docs/ from small texts. A source has a line each for
 *
 *     title: The order of a start
 *     row: setup db . web            the boxes of a row, from left to right; `.` is an empty place
 *     setup: glitchtip-setup | makes the secrets     a box: its name, then its further lines
 *     setup -> db: healthy           an arrow, with a label or without
 *     area: internal network = db web                a frame around boxes
 *     note: A line below the picture
 */
interface Box {
  readonly lines: readonly string[];
  readonly column: number;
  readonly row: number;
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

interface Area {
  readonly label: string;
  readonly boxes: readonly string[];
}

interface Picture {
  readonly title: string;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly arrows: readonly Arrow[];
  readonly areas: readonly Area[];
  readonly notes: readonly string[];
}

/** What the lines of a source have said so far. */
interface Said {
  title: string;
  readonly rows: string[][];
  readonly lines: Map<string, readonly string[]>;
  readonly arrows: Arrow[];
  readonly areas: Area[];
  readonly notes: string[];
}

/** How a line with one of these words is read; with any other word it is the text of a box. */
const WORDS: Readonly<Record<string, (said: Said, rest: string) => void>> = {
  title: (said, rest) => {
    said.title = rest;
  },
  row: ({ rows }, rest) => rows.push(rest.split(/\s+/)),
  note: ({ notes }, rest) => notes.push(rest),
  area: ({ areas }, rest) => {
    const [label = "", boxes = ""] = rest.split(" = ");
    areas.push({ label, boxes: boxes.split(/\s+/) });
  },
};

function readLine(said: Said, line: string): void {
  const [, from, to, label = ""] = /^(\w+) -> (\w+)(?:: (.*))?$/.exec(line) ?? [];
  const [, word, rest = ""] = /^(\w+): (.*)$/.exec(line) ?? [];
  if (from !== undefined && to !== undefined) said.arrows.push({ from, to, label });
  else if (word === undefined) throw new Error(`this is no line of a picture: ${line}`);
  else if (Object.hasOwn(WORDS, word)) WORDS[word]?.(said, rest);
  else said.lines.set(word, rest.split(" | "));
}

function parsePicture(text: string): Picture {
  const said: Said = { title: "", rows: [], lines: new Map(), arrows: [], areas: [], notes: [] };
  for (const line of text.split("\n")) if (line.trim() !== "" && !line.startsWith("#")) readLine(said, line);
  const { rows, lines, ...rest } = said;
  const boxes = new Map(
    rows.flatMap((names, row) =>
      names.flatMap((name, column) =>
        name === "." ? [] : [[name, { lines: linesOf(lines, name), row, column }] as const],
      ),
    ),
  );
  const named = [...rest.arrows.flatMap(({ from, to }) => [from, to]), ...rest.areas.flatMap((area) => area.boxes)];
  const missing = named.find((name) => !boxes.has(name));
  if (missing !== undefined) throw new Error(`no row has a box ${missing}`);
  return { ...rest, boxes };
}

function linesOf(lines: Said["lines"], name: string): readonly string[] {
  const found = lines.get(name);
  if (found === undefined) throw new Error(`the box ${name} has no text`);
  return found;
}

const CHARACTER = { name: 7.9, line: 6.7 };
const LINE = 17;
const PADDING = 12;
const GAP = { x: 64, y: 74 };
const MARGIN = { x: 26, top: 66, bottom: 26 };

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const widthOf = (lines: readonly string[]): number =>
  Math.round(Math.max(...lines.map((line, at) => line.length * CHARACTER[at === 0 ? "name" : "line"])) + 2 * PADDING);

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Returns where each box is: columns as wide as their widest box, rows as high as their highest, room for labels. */
function placesOf({ boxes, arrows }: Picture): { places: Map<string, Place>; width: number; height: number } {
  const all = [...boxes.values()];
  const columns = Array.from({ length: Math.max(...all.map(({ column }) => column)) + 1 }, (_, at) => at);
  const rows = Array.from({ length: Math.max(...all.map(({ row }) => row)) + 1 }, (_, at) => at);
  const widths = columns.map((at) =>
    Math.max(0, ...all.filter((one) => one.column === at).map((one) => widthOf(one.lines))),
  );
  const heights = rows.map((at) =>
    Math.max(...all.filter((one) => one.row === at).map((one) => one.lines.length * LINE + 2 * PADDING - 4)),
  );
  const columnOf = (name: string) => boxes.get(name)?.column ?? 0;
  const gaps = columns.map((at) => {
    const labels = arrows.filter(
      ({ from, to }) => Math.min(columnOf(from), columnOf(to)) === at && columnOf(from) !== columnOf(to),
    );
    return Math.max(GAP.x, ...labels.map(({ label }) => Math.round(label.length * CHARACTER.line) + 44));
  });
  const x = (at: number) => MARGIN.x + sum(widths.slice(0, at)) + sum(gaps.slice(0, at));
  const y = (at: number) => MARGIN.top + sum(heights.slice(0, at)) + at * GAP.y;
  const places = new Map(
    [...boxes].map(([name, { row, column }]) => [
      name,
      { x: x(column), y: y(row), width: widths[column] ?? 0, height: heights[row] ?? 0 },
    ]),
  );
  const right = Math.max(...[...places.values()].map((one) => one.x + one.width));
  const bottom = Math.max(...[...places.values()].map((one) => one.y + one.height));
  return { places, width: right + MARGIN.x, height: bottom + MARGIN.bottom };
}

const labelAt = (label: string, x: number, y: number, anchor: "start" | "middle"): string =>
  label === "" ? "" : `<text class="label" x="${x}" y="${y}" text-anchor="${anchor}">${escaped(label)}</text>`;

/** Boxes of a column are joined from top to bottom, others from side to side with a bend before the second one. */
function drawnArrow(from: Place, to: Place, label: string): string {
  if (from.x === to.x) {
    const x = from.x + from.width / 2;
    const [y1, y2] = to.y > from.y ? [from.y + from.height, to.y] : [from.y, to.y + to.height];
    return `<path class="arrow" d="M${x} ${y1}V${y2}"/>${labelAt(label, x + 7, (y1 + y2) / 2 + 4, "start")}`;
  }
  const toRight = to.x > from.x;
  const [x1, x2] = toRight ? [from.x + from.width, to.x] : [from.x, to.x + to.width];
  const [y1, y2] = [from.y + from.height / 2, to.y + to.height / 2];
  const bend = x2 + (toRight ? -22 : 22);
  const shown = labelAt(label, (x1 + (y1 === y2 ? x2 : bend)) / 2, y1 - 6, "middle");
  return `<path class="arrow" d="M${x1} ${y1}${y1 === y2 ? "" : `H${bend}V${y2}`}H${x2}"/>${shown}`;
}

function drawnBox({ x, y, width, height }: Place, lines: readonly string[]): string {
  const top = y + (height - lines.length * LINE) / 2 + LINE - 4;
  const texts = lines.map(
    (line, at) =>
      `<text class="${at === 0 ? "name" : "line"}" x="${x + width / 2}" y="${top + at * LINE}" text-anchor="middle">${escaped(line)}</text>`,
  );
  return `<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>${texts.join("")}`;
}

function drawnArea(label: string, places: readonly Place[]): string {
  const [x, y] = [Math.min(...places.map((one) => one.x)) - 13, Math.min(...places.map((one) => one.y)) - 24];
  const right = Math.max(x + label.length * CHARACTER.line + 18, ...places.map((one) => one.x + one.width + 13));
  const bottom = Math.max(...places.map((one) => one.y + one.height)) + 12;
  return (
    `<rect class="area" x="${x}" y="${y}" width="${right - x}" height="${bottom - y}" rx="9"/>` +
    `<text class="label" x="${x + 9}" y="${y + 15}">${escaped(label)}</text>`
  );
}

const STYLE = [
  "text{font:13px ui-sans-serif,system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif;fill:#1f2430}",
  ".title{font-size:16px;font-weight:600}.name{font-weight:600}.line,.label,.note{font-size:12px;fill:#4c5566}",
  ".box{fill:#eef3fb;stroke:#4a6fa5}.area{fill:none;stroke:#8a93a5;stroke-dasharray:5 4}",
  ".arrow{fill:none;stroke:#4c5566;stroke-width:1.5;marker-end:url(#head)}.paper{fill:#fff}",
].join("");

/** Returns the picture as an SVG with a white ground, which dark pages need. */
export function renderPicture(text: string): string {
  const picture = parsePicture(text);
  const { title, boxes, arrows, areas, notes } = picture;
  const { places, width, height } = placesOf(picture);
  const place = (name: string): Place => places.get(name) ?? { x: 0, y: 0, width: 0, height: 0 };
  const whole = {
    width: Math.max(width, ...[title, ...notes].map((line) => Math.round(line.length * 7.4 + 2 * MARGIN.x))),
    height: height + notes.length * LINE + (notes.length > 0 ? 12 : 0),
  };
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${whole.width} ${whole.height}" width="${whole.width}" height="${whole.height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#4c5566"/></marker></defs>',
    `<rect class="paper" width="${whole.width}" height="${whole.height}"/>`,
    `<text class="title" x="${MARGIN.x}" y="26">${escaped(title)}</text>`,
    ...areas.map((area) => drawnArea(area.label, area.boxes.map(place))),
    ...arrows.map(({ from, to, label }) => drawnArrow(place(from), place(to), label)),
    ...[...boxes].map(([name, { lines }]) => drawnBox(place(name), lines)),
    ...notes.map(
      (note, at) => `<text class="note" x="${MARGIN.x}" y="${height + at * LINE + 8}">${escaped(note)}</text>`,
    ),
    "</svg>",
  ].join("\n")}\n`;
}
