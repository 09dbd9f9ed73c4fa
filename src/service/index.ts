export { signToken } from "./auth.ts";
export { type ServeContext, serve } from "./serve.ts";
export { DEFAULT_AUDIENCE, DEFAULT_ISSUER, DEFAULT_PORT, type ServeSettings, serveSettings } from "./settings.ts";
