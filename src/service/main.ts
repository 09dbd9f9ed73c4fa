export { serve, signToken } from "./index.ts";
