import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProcess } from "../../src/base/process.ts";

/** An error as GlitchTip's API tells it. */
export interface ShownEvent {
  readonly organization: string;
  readonly project: string;
  readonly title: string;
  readonly eventId: string;
  readonly platform: string;
  readonly at: string;
  readonly frames: readonly { readonly function: string; readonly filename: string; readonly line: number }[];
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const STYLE = `
body{margin:0;background:#f4f6fa;color:#1f2430;font:15px/1.45 ui-sans-serif,system-ui,"DejaVu Sans",Arial,sans-serif}
header{background:#23304a;color:#fff;padding:12px 28px;font-weight:600} header span{opacity:.7;font-weight:400}
main{margin:22px 28px;background:#fff;border:1px solid #dce1ea;border-radius:8px;padding:20px 24px}
h1{font-size:21px;margin:0 0 2px} .sub{color:#5b6478} .tags{margin:14px 0}
.tags b{font-weight:600;background:#eef2f9;border-radius:4px 0 0 4px;padding:4px 8px}
.tags i{font-style:normal;border:1px solid #eef2f9;border-radius:0 4px 4px 0;padding:3px 8px;margin-right:8px}
h2{font-size:15px;margin:18px 0 6px} table{border-collapse:collapse;width:100%}
td{border-top:1px solid #eceff5;padding:6px 8px;font:13px ui-monospace,"DejaVu Sans Mono",monospace} td:last-child{color:#5b6478;text-align:right}`;

/** Returns a page with the event, as an issue tracker shows it. */
export function issuePage({ organization, project, title, eventId, platform, at, frames }: ShownEvent): string {
  const tags = { platform, level: "error", event: eventId.slice(0, 12) };
  const shown = Object.entries(tags).map(([name, value]) => `<b>${name}</b><i>${escaped(value)}</i>`);
  const rows = frames.map(
    (frame) => `<tr><td>${escaped(frame.function)}</td><td>${escaped(frame.filename)}:${frame.line}</td></tr>`,
  );
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>
<header>${escaped(organization)} <span>/ ${escaped(project)} / issues</span></header>
<main><h1>${escaped(title)}</h1><div class="sub">first seen ${escaped(at)} · 1 event · unresolved</div>
<div class="tags">${shown.join("")}</div>
<h2>Stack trace, most recent call first</h2><table>${rows.join("")}</table></main>`;
}

/** Takes a picture of a page with headless Chromium. */
export async function screenshot(chromium: string, html: string, path: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "screenshot-"));
  try {
    const page = join(folder, "page.html");
    writeFileSync(page, html);
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=920,430"];
    const { code, stderr } = await runProcess(
      chromium,
      [...flags, `--user-data-dir=${join(folder, "profile")}`, `--screenshot=${path}`, `file://${page}`],
      { deadlineMs: 60_000 },
    );
    if (code !== 0) throw new Error(`chromium ended with ${code}: ${stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
