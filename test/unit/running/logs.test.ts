import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { errorFilter, sinceOf } from "../../../src/running/logs.ts";

const failuresOf = (...lines: string[]) => {
  const filter = errorFilter();
  return lines.filter((text) => filter({ container: "web-1", text }));
};

describe("failures in logs", () => {
  it("a traceback is shown to its end, which may have any name", () => {
    const traceback = [
      "Traceback (most recent call last):",
      '  File "a.py", line 1, in <module>',
      "    run()",
      "app.Broken: no",
    ];
    expect(failuresOf("started", ...traceback, "next request")).toEqual(traceback);
  });

  it("what Postgres says of an error belongs to it", () => {
    const error = ["2026-11-21 UTC [1] ERROR:  no such table", "2026-11-21 UTC [1] STATEMENT:  select * from x"];
    expect(failuresOf("2026-11-21 UTC [1] LOG:  checkpoint", ...error, "2026-11-21 UTC [1] LOG:  done")).toEqual(error);
  });

  it("what GlitchTip's cache in the database provokes every ten seconds is none, with its details", () => {
    const at = "2026-11-30 03:00:00.000 UTC [71]";
    const expected = [
      `${at} ERROR:  duplicate key value violates unique constraint "django_cache_pkey"`,
      `${at} DETAIL:  Key (cache_key)=(:1:uptime_counter) already exists.`,
      `${at} STATEMENT:  INSERT INTO "django_cache" ("cache_key", "value", "expires") VALUES ($1, $2, $3)`,
      "\tRETURNING 1",
    ];
    const real = [
      `${at} ERROR:  duplicate key value violates unique constraint "projects_project_slug"`,
      `${at} DETAIL:  Key (slug)=(shop) already exists.`,
    ];
    expect(failuresOf(...expected, ...real, ...expected)).toEqual(real);
  });

  it("what Postgres says to a health check while it starts, and to its clients while it stops, is none", () => {
    const fatal = (text: string) => `2026-11-30 03:00:00.000 UTC [71] FATAL:  ${text}`;
    const expected = [
      fatal("the database system is starting up"),
      fatal("the database system is not yet accepting connections"),
      "2026-11-30 03:00:00.000 UTC [71] DETAIL:  Consistent recovery state has not been yet reached.",
      fatal("the database system is shutting down"),
      fatal("terminating connection due to administrator command"),
    ];
    const real = [fatal("sorry, too many clients already"), fatal('role "root" does not exist')];
    expect(failuresOf(...expected, ...real)).toEqual(real);
  });

  it.each([
    '{"level":"error","msg":"no upstream"}',
    "level=fatal msg=x",
    '10.0.0.1 - "GET / HTTP/1.1" 502 12',
    "CRITICAL: out of memory",
    "error GC1203: the server was not ready in time",
    "ValueError: x",
  ])("%s is one", (line) => {
    expect(failuresOf(line)).toEqual([line]);
  });

  it.each([
    '{"level":"info","msg":"error page served"}',
    '10.0.0.1 - "GET /500 HTTP/1.1" 200 5',
    "errors: none",
    "no errors found",
  ])("%s is none", (line) => {
    expect(failuresOf(line)).toEqual([]);
  });

  it("containers are told apart", () => {
    const filter = errorFilter();
    expect(filter({ container: "web-1", text: "Traceback (most recent call last):" })).toBe(true);
    expect(filter({ container: "db-1", text: "  indented talk" })).toBe(false);
    expect(filter({ container: "web-1", text: "  File x" })).toBe(true);
  });
});

describe("--since", () => {
  it("takes durations, days among them, and times", () => {
    expect(["30s", "2h", "3d", "2026-11-21T08:00:00Z", "2026-11-21"].map(sinceOf)).toEqual([
      "30s",
      "2h",
      "72h",
      "2026-11-21T08:00:00Z",
      "2026-11-21",
    ]);
  });

  it.each(["yesterday", "10", "-5m", "2026-13-40"])("%s is refused with what to write", (text) => {
    expect(() => sinceOf(text)).toThrow(CodedError);
  });
});
