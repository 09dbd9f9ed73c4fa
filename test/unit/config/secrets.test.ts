import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type SecretUse, weakness } from "../../../src/config/secrets.ts";

describe("weakness refuses", () => {
  it.each<[SecretUse, string, RegExp]>([
    ["secret key", "change_me", /placeholder/],
    ["secret key", "django-insecure-8f0c!k3n_v@u1m2xw9z7q5s4r6t0y", /placeholder/],
    ["admin password", "ChangeMe-2026!", /placeholder/],
    ["admin password", "Password123", /placeholder/],
    ["database password", "postgres", /placeholder/],
    ["mail password", "changeme", /placeholder/],
    ["admin password", "k3n!x", /short: 10/],
    ["database password", "k3n9xvT2", /short: 16/],
    ["secret key", "k3n9xvT2mQ8", /short: 32/],
    ["admin password", "aaaaaaaaaaaaaaaa", /guess/],
    ["admin password", "12345678901234", /guess/],
    ["admin password", "abcdefghijklmnop", /guess/],
    ["database password", "abababababababababababab", /guess/],
    ["secret key", "xyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxy", /guess/],
  ])("a bad %s: %s", (use, value, why) => {
    expect(weakness(use, value)).toMatch(why);
  });

  it("a secret without showing any part of it", () => {
    expect(weakness("admin password", "hunter2")).not.toContain("hunter");
  });
});

describe("weakness accepts", () => {
  it.each<[SecretUse, string]>([
    ["admin password", "correct horse battery staple"],
    ["admin password", "tR0ub4dor&3x"],
    ["mail password", "x"],
    ["admin password", "my test of the west wind"],
  ])("a good %s: %s", (use, value) => {
    expect(weakness(use, value)).toBeUndefined();
  });

  it("every secret that init generates", () => {
    for (let i = 0; i < 500; i++) {
      expect(weakness("admin password", randomBytes(18).toString("base64url"))).toBeUndefined();
      expect(weakness("database password", randomBytes(24).toString("base64url"))).toBeUndefined();
      expect(weakness("secret key", randomBytes(48).toString("base64url"))).toBeUndefined();
    }
  });
});
