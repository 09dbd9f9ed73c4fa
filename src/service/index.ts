export { signToken } from "./auth.ts";
export { serve } from "./serve.ts";
export type { ServeSettings } from "./settings.ts";
