import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Auth, Caller } from "../auth.ts";

const callers = new WeakMap<FastifyRequest, Caller>();

/** Checks the token of each request to the routes of `app` before its body is read: nobody else may make us parse one. */
export function identifyCallers(app: FastifyInstance, auth: Auth): void {
  app.addHook("onRequest", async (request) => {
    callers.set(request, await auth.identify(request.headers.authorization));
  });
}

/** Returns who sent a request to such a route. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error("the route does not check tokens");
  return caller;
}
