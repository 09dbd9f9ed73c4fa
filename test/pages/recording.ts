/** A line of a terminal, and when it appeared. */
export interface RecordedLine {
  readonly text: string;
  /** Milliseconds since the start of the recording. */
  readonly atMs: number;
  /** A command that was typed. */
  readonly typed?: true;
}

const COLUMNS = 92;
const ROWS = 22;
const CHARACTER = 8.4;
const LINE = 18;
const INSET = { x: 16, y: 44 };
/** How long the end stays before it begins again. */
const REST_MS = 6_000;

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Breaks lines at the width of the terminal. */
const broken = (lines: readonly RecordedLine[]): RecordedLine[] =>
  lines.flatMap(({ text, ...rest }) => {
    const pieces = text === "" ? [""] : (text.match(new RegExp(`.{1,${COLUMNS}}`, "gu")) ?? []);
    return pieces.map((piece) => ({ ...rest, text: piece }));
  });

const STYLE = [
  ".paper{fill:#1b1f27}.bar{fill:#2a303b}text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d7dce5;white-space:pre}",
  ".typed{fill:#8fd18f;font-weight:600}.line{opacity:0}",
  "@media (prefers-reduced-motion:reduce){.line,.screen{animation:none!important;opacity:1}}",
].join("");

/**
 * Returns an animated SVG of a terminal: each line appears when it did, pauses cut to `longestPauseMs`; what does not fit
 * scrolls up. It needs no script, so it moves on pages that show it as an image.
 */
export function renderRecording(title: string, recorded: readonly RecordedLine[], longestPauseMs = 900): string {
  const lines = broken(recorded);
  const times: number[] = [];
  for (const [at, { atMs }] of lines.entries()) {
    const pause = Math.min(longestPauseMs, Math.max(60, atMs - (lines[at - 1]?.atMs ?? 0)));
    times.push((times.at(-1) ?? 0) + pause);
  }
  const wholeMs = (times.at(-1) ?? 0) + REST_MS;
  const percent = (ms: number) => `${Math.round((ms / wholeMs) * 10_000) / 100}%`;
  const [width, height] = [Math.round(COLUMNS * CHARACTER + 2 * INSET.x), INSET.y + ROWS * LINE + 8];
  const appearing = lines.map(({ text, typed }, at) => {
    const style = `animation:l${at} ${wholeMs}ms step-end infinite`;
    const kind = typed ? "line typed" : "line";
    return `<text class="${kind}" style="${style}" x="${INSET.x}" y="${INSET.y + (at + 1) * LINE - 5}">${escaped(text)}</text>`;
  });
  const frames = times.map((ms, at) => {
    return `@keyframes l${at}{0%{opacity:0}${percent(ms)},100%{opacity:1}}`;
  });
  const scrolls = times.slice(ROWS).map((ms, at) => {
    return `${percent(ms)}{transform:translateY(-${(at + 1) * LINE}px)}`;
  });
  const scroll = `@keyframes scroll{0%{transform:none}${scrolls.join("")}100%{transform:translateY(-${Math.max(0, lines.length - ROWS) * LINE}px)}}`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}.screen{animation:scroll ${wholeMs}ms step-end infinite}${scroll}${frames.join("")}</style>`,
    `<clipPath id="screen"><rect y="${INSET.y - 6}" width="${width}" height="${ROWS * LINE + 8}"/></clipPath>`,
    `<rect class="paper" width="${width}" height="${height}" rx="8"/><rect class="bar" width="${width}" height="30" rx="8"/>`,
    `<text x="${INSET.x}" y="20">${escaped(title)}</text>`,
    `<g clip-path="url(#screen)"><g class="screen">`,
    ...appearing,
    "</g></g>",
    "</svg>",
  ].join("\n")}\n`;
}
