import { expect, it } from "vitest";
import { Secret } from "../../../../src/base/secret.ts";
import { hideSecrets } from "../../../../src/care/notify/hide.ts";

const hide = hideSecrets([
  new Secret("hunter2-hunter2"),
  new Secret("postgres://shop:p%40ssw0rd@db/shop"),
  new Secret("https://hooks.example.com/services/T000/B000/verylongsecrettoken?key=abcdefgh"),
  new Secret("ab"),
]);

it("replaces a secret everywhere and in every encoding", () => {
  expect(hide("no hunter2-hunter2 here")).toBe("no [secret] here");
  expect(hide("postgres://shop:p%40ssw0rd@db/shop")).not.toMatch(/p%40ss/);
  expect(hide('password "p@ssw0rd" is wrong')).toBe('password "[secret]" is wrong');
});

it("replaces path and query of a secret address, and keeps its host", () => {
  const said = hide("POST https://hooks.example.com/services/T000/B000/verylongsecrettoken?key=abcdefgh failed");
  expect(said).toBe("POST [secret] failed");
  expect(hide("hooks.example.com does not know verylongsecrettoken")).toBe("hooks.example.com does not know [secret]");
});

it("does not replace a secret that is too short", () => {
  expect(hide("about")).toBe("about");
});
