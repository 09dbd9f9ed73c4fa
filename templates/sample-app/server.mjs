// A small application without dependencies: GET / greets, GET /error throws, and the error is reported to GlitchTip.
// A real one uses an SDK (npm install @sentry/node); the DSN is in SENTRY_DSN either way.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const dsn = process.env.SENTRY_DSN ? new URL(process.env.SENTRY_DSN) : undefined;

/** Sends one event in Sentry's envelope format. */
async function report(error) {
  if (dsn === undefined) return undefined;
  const eventId = randomUUID().replaceAll("-", "");
  const path = dsn.pathname.split("/");
  const projectId = path.pop();
  const event = {
    event_id: eventId,
    timestamp: Date.now() / 1000,
    platform: "node",
    level: "error",
    exception: { values: [{ type: error.name, value: error.message, stacktrace: { frames: framesOf(error) } }] },
  };
  const lines = [{ event_id: eventId, dsn: dsn.href }, { type: "event" }, event];
  const response = await fetch(`${dsn.protocol}//${dsn.host}${path.join("/")}/api/${projectId}/envelope/`, {
    method: "POST",
    headers: {
      "content-type": "application/x-sentry-envelope",
      "x-sentry-auth": `Sentry sentry_version=7, sentry_client=sample/1, sentry_key=${dsn.username}`,
    },
    body: lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`GlitchTip answered ${response.status}`);
  return eventId;
}

function framesOf(error) {
  const frames = [...(error.stack ?? "").matchAll(/at (?:(.+?) \()?(.+?):(\d+):(\d+)\)?$/gm)];
  return frames.reverse().map(([, name, file, line, column]) => ({
    function: name ?? "<anonymous>",
    filename: file,
    lineno: Number(line),
    colno: Number(column),
    in_app: !file.startsWith("node:"),
  }));
}

const server = createServer(async (request, response) => {
  const answer = (status, body) =>
    response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
  try {
    if (request.url === "/error") throw new Error("Something broke in the sample app");
    answer(request.url === "/" ? 200 : 404, { reporting: dsn !== undefined, try: "/error" });
  } catch (error) {
    const eventId = await report(error).catch((failure) => console.error("not reported:", failure.message));
    answer(500, { error: error.message, eventId });
  }
});

server.listen(Number(process.env.PORT ?? 3000), process.env.HOST, () =>
  console.log("listening on port", server.address().port),
);
// As PID 1 a process ignores TERM unless it says otherwise.
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => server.close(() => process.exit(0)).closeAllConnections());
