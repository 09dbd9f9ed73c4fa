import type { AppDeclaration, Declaration } from "./schema.ts";

/** An app whose DSN the user gives. */
export type GivenApp = AppDeclaration & { readonly dsn: NonNullable<AppDeclaration["dsn"]> };

type Apps = Pick<Declaration, "apps">;

export const provisionedApps = <App extends { readonly project?: string | undefined; readonly dsn?: unknown }>({
  apps,
}: {
  readonly apps: Readonly<Record<string, App>>;
}): Readonly<Record<string, App & { readonly project: string }>> =>
  Object.fromEntries(
    Object.entries(apps).flatMap(([name, app]) =>
      app.project === undefined || app.dsn !== undefined ? [] : [[name, { ...app, project: app.project }]],
    ),
  );

export const givenApps = ({ apps }: Apps): Readonly<Record<string, GivenApp>> =>
  Object.fromEntries(
    Object.entries(apps).flatMap(([name, app]) => (app.dsn === undefined ? [] : [[name, { ...app, dsn: app.dsn }]])),
  );

/** False where every app has a DSN of the user's: then nothing is asked of any server. */
export const needsProvisioner = ({ apps }: Apps): boolean => {
  const all = Object.values(apps);
  return all.length === 0 || all.some(({ dsn }) => dsn === undefined);
};

/** False where nobody takes a DSN from the provisioner's container: a Compose provider runs on the host instead. */
export const needsContainer = (declaration: Apps): boolean =>
  Object.keys(declaration.apps).length === 0 ||
  !Object.values(declaration.apps).every(({ dsn, inject }) => dsn !== undefined || inject === "provider");
