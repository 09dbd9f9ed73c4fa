import { Secret } from "../../../src/base/secret.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { type GlitchTip, openClient } from "../../../src/glitchtip/client.ts";
import { signIn } from "../../../src/glitchtip/session.ts";
import { openTransport } from "../../../src/glitchtip/transport.ts";
import type { StoredEvent } from "../../../src/glitchtip/wire/shapes.ts";
import { openNodeHttp } from "../../../src/http/node.ts";
import type { Stack } from "./stack.ts";
import { until } from "./until.ts";

/** What an administrator sees on the server, by names. */
export interface Inventory {
  readonly organizations: readonly string[];
  readonly teams: readonly string[];
  readonly projects: readonly string[];
  /** Project and label. */
  readonly keys: readonly string[];
  readonly tokens: readonly string[];
}

export interface StoredState {
  readonly token: { readonly value: string };
  readonly organization: { readonly slug: string };
  readonly projects: Readonly<Record<string, { readonly id: string; readonly slug: string; readonly key: string }>>;
}

const signal = new AbortController().signal;

const contextOf = ({ project }: Stack) => ({
  transport: openTransport(openNodeHttp, `http://127.0.0.1:${project.ports.glitchtip}`),
  clock: systemClock,
  signal,
});

export async function storedState(stack: Stack): Promise<StoredState> {
  return JSON.parse(await stack.readVolume("glitchtip-state", "state.json")) as StoredState;
}

/** The server by its published port, with the provisioner's own token. */
export async function openServer(stack: Stack): Promise<GlitchTip> {
  const { token } = await storedState(stack);
  return openClient({ ...contextOf(stack), token: new Secret(token.value) });
}

/** Everything of one organization; signs in as the administrator, because only that shows the tokens. */
export async function inventory(stack: Stack, organization = "Acme"): Promise<Inventory> {
  const password = new Secret(await stack.secret("admin_password"));
  const session = await signIn({ ...contextOf(stack), email: "admin@example.com", password });
  const server = await openServer(stack);
  const organizations = (await server.organizations()).filter(({ name }) => name === organization);
  const slug = organizations[0]?.slug ?? "";
  const projects = await server.projects(slug);
  const keys = await Promise.all(
    projects.map(async (one) =>
      (await server.keys(slug, one.slug)).map(({ label, name }) => `${one.name} ${label ?? name}`),
    ),
  );
  return {
    organizations: organizations.map(({ name }) => name),
    teams: (await server.teams(slug)).map((team) => team.slug).sort(),
    projects: projects.map(({ name }) => name).sort(),
    keys: keys.flat().sort(),
    tokens: (await session.tokens()).map(({ label }) => label ?? ""),
  };
}

/** The ids of the administrator's tokens. */
export async function tokenIds(stack: Stack): Promise<readonly string[]> {
  const password = new Secret(await stack.secret("admin_password"));
  const session = await signIn({ ...contextOf(stack), email: "admin@example.com", password });
  return (await session.tokens()).map(({ id }) => String(id));
}

/** An event by the id that its sender gave it, once the worker has stored it. */
export async function readEvent(stack: Stack, slug: string, eventId: string): Promise<StoredEvent> {
  const server = await openServer(stack);
  const { organization } = await storedState(stack);
  return await until(`event ${eventId} of ${slug}`, () =>
    server.event(organization.slug, slug, eventId).catch(() => undefined),
  );
}
