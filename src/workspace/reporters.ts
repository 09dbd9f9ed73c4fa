import type { UserProject, UserService } from "../compose/model.ts";
import { isStackService } from "../stack/service-names.ts";
import { isTraefik } from "../stack/traefik-network.ts";

type Services = UserProject["services"];

const named = (...names: readonly string[]): RegExp => new RegExp(`(?:^|/)(?:${names.join("|")})(?=[:@]|$)`);

/** Images of databases, queues and stores, which report no errors. */
const DATABASE_IMAGE = named(
  "postgres(?:ql)?",
  "pgvector",
  "postgis",
  "timescaledb",
  "mysql",
  "mariadb",
  "redis",
  "valkey",
  "mongo(?:db)?",
  "memcached",
  "rabbitmq",
  "nats",
  "kafka",
  "elasticsearch",
  "opensearch",
  "minio",
);
/** Images of proxies. An nginx may serve an application, but reports none of its errors. */
const PROXY_IMAGE = named("caddy", "nginx", "nginx-proxy", "haproxy", "envoy");

const isOf = (images: RegExp, { image = "" }: UserService): boolean => images.test(image);

/** Returns 0 for a service that is built here and so is the user's own program, and more the less it may report errors. */
function rankOf(name: string, service: UserService): number {
  if (isOf(DATABASE_IMAGE, service)) return 3;
  if (isTraefik(name, service)) return 2;
  if (service.built) return 0;
  // An image from a registry of one's own may have any name.
  if (DATABASE_IMAGE.test(name)) return 3;
  return isOf(PROXY_IMAGE, service) || PROXY_IMAGE.test(name) ? 2 : 1;
}

/** Returns the user's services with their rank. A Compose file may change services of the stack, which report nothing. */
const ranked = (services: Services) =>
  Object.entries(services)
    .filter(([name]) => !isStackService(name))
    .map(([name, service]) => ({ name, rank: rankOf(name, service) }));

/** Returns the names of the services, those first that most likely report errors, and databases and queues last. */
export const reportersFirst = (services: Services): string[] =>
  ranked(services)
    .sort((a, b) => a.rank - b.rank)
    .map(({ name }) => name);

/** Returns the services that report errors: those that are built here, else all but databases, queues and proxies. */
export function likelyReporters(services: Services): string[] {
  const all = ranked(services);
  const rank = all.some((one) => one.rank === 0) ? 0 : 1;
  return all.filter((one) => one.rank === rank).map(({ name }) => name);
}
