// Collects the licence texts of the packages that a bundle contains, from the bundle's own inputs.
import { readdirSync, readFileSync } from "node:fs";

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** Packages that ship no licence text: the text that their package.json names, with its author. */
const WITHOUT_TEXT = {
  "split-ca": `ISC License

Copyright (c) Charles Bushong

Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted,
provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.`,
  "abstract-logging": `MIT License\n\nCopyright (c) James Sumners\n\n${MIT}`,
};

/** Returns the folders of the packages of which a bundle of this esbuild metafile contains code. */
function packageFolders({ outputs }) {
  const folders = new Set();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  return [...folders];
}

function licenceOf(folder, name) {
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)\b/i.test(entry));
  if (file !== undefined) return readFileSync(`${folder}/${file}`, "utf8");
  const readme = readdirSync(folder).find((entry) => /^readme\b/i.test(entry));
  const section = readme && /^#+ licen[cs]e\s*$(.*)/ims.exec(readFileSync(`${folder}/${readme}`, "utf8"))?.[1];
  if (section?.includes("Permission is hereby granted")) return section;
  if (name in WITHOUT_TEXT) return WITHOUT_TEXT[name];
  throw new Error(`${name} is bundled and has no licence text: add it to .config/notices.mjs, or drop the package`);
}

/** Returns the third-party notices of one or several bundles. Throws where a bundled package has no licence text. */
export function notices(metafiles) {
  const texts = new Map();
  for (const folder of new Set(metafiles.flatMap(packageFolders))) {
    const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    texts.set(`${name} ${version}`, licenceOf(folder, name).trim());
  }
  const packages = [...texts].sort(([a], [b]) => a.localeCompare(b, "en"));
  return packages.map(([title, text]) => `${title}\n${"-".repeat(title.length)}\n${text}\n`).join("\n");
}
