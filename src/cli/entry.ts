#!/usr/bin/env node
/** Commands whose start is felt are one file each, instead of the fifty that they share with others. */
const QUICK = ["init", "add"];
const [word = ""] = process.argv.slice(2);
const file = `./${QUICK.includes(word) ? word : "main"}.mjs`;
await import(file);
