import { randomBytes } from "node:crypto";
import { runProcess } from "../../../src/base/process.ts";

/** A real Postgres 15 out of Debian 12, beside the 18 of the stand-in; folders and volume as in the official image. */
const DOCKERFILE = `FROM postgres:18
USER root
RUN <<SH
set -eu
sed 's/forky/bookworm/g' /etc/apt/sources.list >/etc/apt/sources.list.d/bookworm.list
printf 'Package: *\\nPin: release n=bookworm\\nPin-Priority: 50\\n' >/etc/apt/preferences.d/bookworm
apt-get -o Acquire::Check-Valid-Until=false update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-15
sed -i "s/^#listen_addresses = .*/listen_addresses = '*'/" /usr/share/postgresql/15/postgresql.conf.sample
SH
ENV PG_MAJOR=15 PGDATA=/var/lib/postgresql/data
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
VOLUME /var/lib/postgresql/data
`;

/** The upstream image where there is a registry, else made here; a reason where neither goes. */
export async function postgres15(): Promise<{ image: string; remove(): Promise<void> } | { why: string }> {
  const docker = (args: string[], stdin?: string) =>
    runProcess("docker", args, { deadlineMs: 240_000, ...(stdin === undefined ? {} : { stdin }) });
  const label = await docker([
    "image",
    "inspect",
    "-f",
    '{{index .Config.Labels "glitchtip-compose.stand-in"}}',
    "postgres:18",
  ]);
  if (label.stdout.trim() === "") {
    const pulled = await docker(["pull", "-q", "postgres:15"]);
    return pulled.code === 0 ? { image: "postgres:15", async remove() {} } : { why: pulled.stderr };
  }
  const image = `glitchtip-compose-test/postgres-${randomBytes(5).toString("hex")}:15`;
  const built = await docker(["build", "-q", "--network", "host", "-t", image, "-"], DOCKERFILE);
  if (built.code !== 0) return { why: built.stderr };
  return {
    image,
    async remove() {
      await docker(["image", "rm", "-f", image]);
    },
  };
}
