import { expect, it } from "vitest";
import { asAdmin } from "../../support/admin-calls.ts";
import { desiredOrganization, desiredServer } from "../../support/desired-server.ts";
import { reconcile, startReconciling } from "../../support/reconciling.ts";

const MEMBERS = "organizations/acme/members/";
const ADMIN = { email: "admin@example.com", role: "owner" } as const;
const onlyAdmin = desiredServer({ prune: true, organizations: [desiredOrganization({ members: [ADMIN] })] });

/** An organization whose owner of record is not the token's account. */
async function ownedByAnother() {
  const reconciling = await startReconciling({ seed: { projects: 0 }, registration: "open" });
  const invitation = { email: "second@example.com", orgRole: "owner", teamRoles: [] };
  const { id } = await asAdmin<{ id: string }>(reconciling.emulator, "POST", MEMBERS, invitation);
  await asAdmin(reconciling.emulator, "POST", `${MEMBERS}${id}/set_owner/`);
  return { reconciling, id };
}

it("who is removed as the owner of record hands that over before, so that the members can still be listed", async () => {
  const { reconciling } = await ownedByAnother();
  await using _ = reconciling;
  const { outcomes } = await reconcile(reconciling.context, onlyAdmin);
  expect(outcomes).toMatchObject([{ result: "applied", action: { type: "delete", name: "second@example.com" } }]);
  expect(await asAdmin(reconciling.emulator, "GET", MEMBERS)).toMatchObject([{ ...ADMIN, isOwner: true }]);
});

it("without that the members could be listed no more", async () => {
  const { reconciling, id } = await ownedByAnother();
  await using _ = reconciling;
  await asAdmin(reconciling.emulator, "DELETE", `${MEMBERS}${id}/`);
  await expect(asAdmin(reconciling.emulator, "GET", MEMBERS)).rejects.toThrow("500");
});
