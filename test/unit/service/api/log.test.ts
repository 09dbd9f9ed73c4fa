import { expect, it } from "vitest";
import { openTestApi } from "../../../support/service-api.ts";

it("the log has a line for each request with its id, and none of Fastify for each interface", async () => {
  const { app, lines } = await openTestApi();
  await app.listen({ host: "0.0.0.0", port: 0 });
  await app.inject({ url: "/api/v1/servers", headers: { "x-request-id": "mine" } });
  await app.close();
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ reqId: "mine", status: 401, msg: "answered" }]);
});
