/** What `secrets rotate` takes. */
export const WHAT = ["db-password", "secret-key", "admin-password", "token"] as const;
export type What = (typeof WHAT)[number];

/** Said before it is done. */
export const ENDS: Readonly<Record<What, string>> = {
  "db-password": "web, worker and database restart; for these seconds new connections to the database fail",
  "secret-key":
    "everybody is signed out, and links in mails that are under way (passwords, invitations) end; DSNs and API tokens stay; web and worker restart",
  "admin-password": "the administrator is signed out everywhere; nothing restarts",
  token: "the provisioner's API token ends and it makes another; DSNs stay, nothing restarts",
};
