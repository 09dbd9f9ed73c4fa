import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AddressReader, addressProblem, mailAddress } from "../../../src/config/addresses.ts";
import { mailFault } from "../../support/stand-in/settings.ts";

describe("addressProblem refuses, with the character and the fix,", () => {
  it.each<[AddressReader, string, RegExp, RegExp]>([
    ["mail", "mail.example.com", /no scheme/, /smtp\+tls:\/\/USER:PASSWORD@HOST:587/],
    ["mail", "smtp://u:pa#ss@h:587", /character #/, /%23 for #/],
    ["mail", "smtp://u:p/w@h:587", /character \//, /%2F for \//],
    ["mail", "smtp://u:p?w@h:587", /character \?/, /%3F for \?/],
    ["mail", "smtp://u:p[1]@h:587", /character \[/, /%5B for \[/],
    ["mail", "smtp+starttls://u:p@h:587", /unknown scheme smtp\+starttls/, /smtp\+tls:\/\/ instead/],
    ["mail", "submission://u:p@h:587", /unknown scheme submission/, /smtp\+tls/],
    ["mail", "http://mail.example.com", /unknown scheme http/, /smtp:\/\//],
    ["mail", "smtp://u:p@h:abc", /port that is no number/, /HOST:587/],
    ["mail", "smtp://u:p@h:99999", /port that is no number/, /HOST:587/],
    ["mail", '"smtp://u:p@h:587"', /quotation mark "/, /without quotation marks/],
    ["mail", "smtp://u:p@h:587\n", /newline/, /without a newline/],
    ["mail", "smtp://", /names no host/, /HOST/],
    ["database", "db:5432", /no scheme/, /postgres:\/\/USER/],
    ["database", "mysql://u:p@db/g", /unknown scheme mysql/, /needs Postgres/],
    ["database", "postgres://u:p#w@db/g", /character #/, /%23/],
    ["database", "postgres://u:p/w@db/g", /character \//, /%2F/],
    ["database", "postgres://u:p[1]@db/g", /character \[/, /%5B/],
    ["database", "postgres://u:p%zz@db/g", /character %/, /%25/],
    ["database", "postgres://u:p@db:5432", /names no database/, /DATABASE/],
    ["database", "postgres://u:p@db:5432/", /names no database/, /DATABASE/],
    ["database", "postgres://u:p@db/a/b", /character \//, /%2F/],
    ["valkey", "valkey:6379", /no scheme/, /redis:\/\//],
    ["valkey", "valkey://valkey:6379", /unknown scheme valkey/, /redis:\/\/ instead/],
    ["valkey", "redis://:p/w@valkey:6379/0", /character \//, /%2F/],
    ["valkey", "redis://valkey:6379/jobs", /no number/, /HOST:6379\/0/],
    ["notify", "hooks.example.com/x", /no http/, /https:/],
    ["notify", "ftp://hooks.example.com/x", /no http/, /https:/],
  ])("%s: %s", (reader, text, what, remedy) => {
    expect(addressProblem(reader, text)).toEqual({
      what: expect.stringMatching(what),
      remedy: expect.stringMatching(remedy),
    });
  });

  it("and never shows more of it", () => {
    const all = ["hunter2", "smtp://u:hunter2#x@h", "hunter2!://x", "postgres://hunter2@db:hunter2/x"];
    const said = all.flatMap((text) => [addressProblem("mail", text), addressProblem("database", text)]);
    expect(JSON.stringify(said)).not.toContain("hunter2");
  });
});

describe("addressProblem accepts", () => {
  it.each<[AddressReader, string]>([
    ["mail", "smtp://mail.example.com"],
    ["mail", "smtp://mail.example.com:25"],
    ["mail", "smtp+tls://user%40example.com:p%23w@mail.example.com:587"],
    ["mail", "smtp+ssl://u:p@w@h:465"],
    ["mail", "smtp://u:100%@[2001:db8::1]:25"],
    ["mail", "consolemail://"],
    ["database", "postgres://u:p@db/glitchtip"],
    ["database", "postgresql://u:p%2Fw@db.example.com:5432/glitchtip?sslmode=require"],
    ["valkey", "redis://valkey:6379/0"],
    ["valkey", "rediss://:p%40ss@valkey:6379"],
    ["valkey", "redis://valkey"],
    ["notify", "https://hooks.example.com/services/a?b=c#d"],
  ])("%s: %s", (reader, text) => {
    expect(addressProblem(reader, text)).toBeUndefined();
  });

  const part = fc.string({ unit: fc.constantFrom(..."ab1:/@#?[]%+. \"'&=!$€") });
  const port = fc.oneof(part, fc.constantFrom("25", "587"));
  const host = fc.constantFrom("h", "mail.example.com", "[::1]", "10.0.0.1");

  it("no mail address that GlitchTip does not start with", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("smtp", "smtp+tls", "smtps", "mail"),
        part,
        part,
        host,
        port,
        (scheme, user, password, at, port) => {
          const text = `${scheme}://${user}:${password}@${at}:${port}`;
          if (addressProblem("mail", text) === undefined) expect(mailFault(text)).toBeUndefined();
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("the address that is made of parts, which holds them as they are", () => {
    fc.assert(
      fc.property(part, part, host, fc.integer({ min: 1, max: 65_535 }), (user, password, at, port) => {
        const text = mailAddress({ host: at, port, user, password });
        expect(addressProblem("mail", text)).toBeUndefined();
        expect(mailFault(text)).toBeUndefined();
        const read = new URL(text);
        expect([read.username, read.password].map(decodeURIComponent)).toEqual([user, password]);
      }),
    );
  });
});
