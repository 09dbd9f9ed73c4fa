// Completes package-lock.json with the platform packages that a partial registry mirror does not have, and takes the
// addresses out. `npm ci` refuses a lock in which an optional package of another platform is not listed.
// After a change of dependencies: npm install --package-lock-only, then node .config/complete-lock.mjs
import { readFileSync, writeFileSync } from "node:fs";

const SYSTEMS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];

const path = "package-lock.json";
const lock = JSON.parse(readFileSync(path, "utf8"));
const { packages } = lock;

/** Where Node would look for a package from inside another one. */
const places = (from, name) => {
  const parents = from.split("/node_modules/").map((_, i, all) => all.slice(0, all.length - i).join("/node_modules/"));
  return [...parents.map((parent) => `${parent}/node_modules/${name}`), `node_modules/${name}`];
};

for (const [from, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const around = places(from, name);
    const found = around.find((place) => packages[place]);
    if (found !== undefined && packages[found].version === version) continue;
    const words = name.split(/[/-]/);
    const os = SYSTEMS.find((system) => words.includes(system));
    if (os === undefined || !/^\d/.test(version)) continue;
    const place = found === undefined ? around.at(-1) : around[0];
    const [cpu, abi = ""] = words.slice(words.indexOf(os) + 1);
    packages[place] = {
      version,
      cpu: [cpu],
      ...(dev ? { dev } : {}),
      ...(os === "linux" ? { libc: [abi.startsWith("musl") ? "musl" : "glibc"] } : {}),
      optional: true,
      os: [os],
    };
  }
}
for (const entry of Object.values(packages)) delete entry.resolved;
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
