import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { composeDsn, parseDsn } from "../../../src/glitchtip/dsn.ts";
import { propertyRuns } from "../../support/property-runs.ts";

const key = fc.uuid();
const projectId = fc.nat().map((id) => String(id + 1));
const label = fc.string({ unit: fc.constantFrom(..."abcxyz019-"), minLength: 1, maxLength: 10 });
const host = fc.oneof(
  fc.constantFrom(
    "localhost",
    "glitchtip",
    "GLITCHTIP.example.com",
    "host.docker.internal",
    "müller.example",
    "1.2.3.4",
  ),
  fc
    .array(
      label.filter((text) => /^[a-z].*[a-z0-9]$/.test(text)),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => parts.join(".")),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
);
const port = fc.option(fc.integer({ min: 1, max: 65535 }));
const segment = fc.oneof(label, fc.constantFrom("errors", "1", "a b", "ä", "%20", "a@b", "a:b", "~"));
const path = fc.array(segment, { maxLength: 3 });
const base = fc
  .record({ scheme: fc.constantFrom("http", "https"), host, port, path, slashes: fc.constantFrom("", "/", "//") })
  .map((one) => ({
    ...one,
    url: `${one.scheme}://${one.host}${one.port === null ? "" : `:${one.port}`}${one.path.map((part) => `/${part}`).join("")}${one.slashes}`,
  }))
  .filter(({ url }) => URL.canParse(url));

describe("a DSN", () => {
  it("is parsed into the parts that it was built from, for any host, port and path", () => {
    fc.assert(
      fc.property(base, key, projectId, ({ url }, uuid, id) => {
        const dsn = composeDsn(url, { key: uuid, projectId: id });
        const normal = new URL(url);
        expect(parseDsn(dsn)).toEqual({
          key: uuid.replaceAll("-", ""),
          projectId: id,
          baseUrl: `${normal.origin}${normal.pathname.replace(/\/+$/, "")}`,
        });
        expect(composeDsn(parseDsn(dsn)?.baseUrl ?? "", { key: uuid, projectId: id })).toBe(dsn);
      }),
      propertyRuns(500),
    );
  });

  it("has the form that SDKs require: scheme, 32 hex digits, unchanged host and port, path, number", () => {
    fc.assert(
      fc.property(base, key, projectId, ({ url, scheme, port: wanted }, uuid, id) => {
        const dsn = composeDsn(url, { key: uuid, projectId: id });
        expect(dsn).toMatch(/^https?:\/\/[0-9a-f]{32}@[^@/]+(\/[^?#\s]*)?\/\d+$/);
        const parsed = new URL(dsn);
        expect([parsed.protocol, parsed.username, parsed.password]).toEqual([
          `${scheme}:`,
          uuid.replaceAll("-", ""),
          "",
        ]);
        const usual = { http: 80, https: 443 }[scheme];
        expect(parsed.port).toBe(wanted === null || wanted === usual ? "" : String(wanted));
        expect(parsed.pathname.endsWith(`/${id}`)).toBe(true);
      }),
      propertyRuns(500),
    );
  });

  it.each(["", "x", "http://", "http://host/1", "ftp://k@host/1", "http://k@host", "http://k@host/"])(
    "is not %j",
    (text) => expect(parseDsn(text)).toBeUndefined(),
  );
});
