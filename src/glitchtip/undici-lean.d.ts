/**
 * The two parts of undici a short-lived process needs. The package's front door also compiles fetch, WebSocket, cache
 * and mocks: 60 ms and 8 MB more at each start.
 */
declare module "undici/lib/dispatcher/pool.js" {
  import { Pool } from "undici";
  export default Pool;
}
declare module "undici/lib/api/api-request.js" {
  import type { Dispatcher, Pool } from "undici";
  export default function request(this: Pool, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>;
}
