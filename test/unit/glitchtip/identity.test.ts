import { describe, expect, it } from "vitest";
import { chooseKey, findOrganization, identityOf, sameObject } from "../../../src/glitchtip/identity.ts";
import type { Key, Organization } from "../../../src/glitchtip/wire/shapes.ts";

const organization = (id: string, name: string, slug = name.toLowerCase()): Organization => ({
  id,
  slug,
  name,
  dateCreated: `2026-08-01T10:00:00.00000${id}Z`,
});
const key = (id: string, label: string | null = ""): Key => ({ id, public: id, name: label, label });

describe("an object is known again", () => {
  const acme = organization("1", "Acme");

  it("by its id together with its date of creation", () => {
    expect(sameObject(identityOf(acme), { ...acme, slug: "acme-inc" })).toBe(true);
    expect(sameObject(identityOf(acme), { ...acme, dateCreated: "2026-08-02T10:00:00Z" })).toBe(false);
    expect(sameObject(identityOf(acme), { ...acme, id: "2" })).toBe(false);
    expect(sameObject(undefined, acme)).toBe(false);
  });

  it("and no other field is kept", () => {
    expect(identityOf(acme)).toEqual({ id: "1", slug: "acme", dateCreated: acme.dateCreated });
  });
});

describe("the organization", () => {
  const acme = organization("1", "Acme");
  const other = organization("2", "Other");

  it("is the known one, whatever its name is now", () => {
    const renamed = { ...acme, name: "Acme and Sons" };
    expect(findOrganization([organization("2", "Acme"), renamed], "Acme", identityOf(acme))).toBe(renamed);
  });

  it("is else the one of exactly this name", () => {
    expect(findOrganization([other, acme], "Acme", undefined)).toBe(acme);
    expect(findOrganization([other, acme], "acme", undefined)).toBeUndefined();
    expect(findOrganization([other], "Acme", identityOf(acme))).toBeUndefined();
    expect(findOrganization([], "Acme", undefined)).toBeUndefined();
  });

  it("is ambiguous where several have the name: the error lists their slugs", () => {
    const second = organization("3", "Acme", "acme-o9");
    expect(() => findOrganization([acme, second], "Acme", undefined)).toThrow(
      expect.objectContaining({ code: "GC1401", message: '2 organizations are called "Acme": acme, acme-o9' }),
    );
  });
});

describe("the key", () => {
  const OURS = "glitchtip-compose";

  it("is the stored one, also beside another with our label", () => {
    expect(chooseKey([key("a"), key("b", OURS)], "a", OURS)?.id).toBe("a");
  });

  it("is else the one with our label, under either name of that field", () => {
    expect(chooseKey([key("a"), key("b", OURS)], undefined, OURS)?.id).toBe("b");
    expect(chooseKey([key("a"), key("b", OURS)], "gone", OURS)?.id).toBe("b");
    expect(chooseKey([key("a"), { id: "b", public: "b", name: OURS }], undefined, OURS)?.id).toBe("b");
  });

  it("is else the only one, as a new project has it", () => {
    expect(chooseKey([key("a")], undefined, OURS)?.id).toBe("a");
  });

  it("is else undefined: one of several of other people is not used", () => {
    expect(chooseKey([key("a"), key("b", "theirs")], undefined, OURS)).toBeUndefined();
    expect(chooseKey([], "gone", OURS)).toBeUndefined();
  });
});
