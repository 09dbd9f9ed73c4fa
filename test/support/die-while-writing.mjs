// Preloaded into a process (`node --import`): it kills itself at the n-th step of writing files, DIE_AT_WRITE=n.
// A step is one write, one rename or one removal; a write gets half of its bytes through first.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { writeSync, renameSync, rmSync } = fs;
let left = Number(process.env.DIE_AT_WRITE);

function step(beforehand) {
  left -= 1;
  if (left !== 0) return;
  beforehand?.();
  process.kill(process.pid, "SIGKILL");
}

fs.writeSync = (file, bytes, ...rest) => {
  step(() => writeSync(file, bytes.subarray(0, Math.floor(bytes.length / 2))));
  return writeSync(file, bytes, ...rest);
};
fs.renameSync = (from, to) => {
  step();
  return renameSync(from, to);
};
fs.rmSync = (path, options) => {
  step();
  return rmSync(path, options);
};
syncBuiltinESMExports();
