export { type InitOptions, init } from "./init.ts";
