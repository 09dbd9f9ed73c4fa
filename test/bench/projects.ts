import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { good, median, pairs, samples } from "./measure.ts";

export interface ProjectFigures {
  /** `add` beside 100 services, against `node -e 0`; no engine. */
  readonly addRatio: number;
  /** `add` beside 1,000 services. */
  readonly residentMb: number;
}

/** No engine, so that Compose is not asked. */
const ENV = { DOCKER_HOST: "unix:///nonexistent/docker.sock" };

/** A service as people write them, with an anchor that all share. */
const service = (i: number): string => `  service-${i}:
    <<: *shared
    image: registry.example.com/shop/service-${i}:\${TAG:-1.${i}}
    entrypoint: ["docker-entrypoint.sh"]
    command: ["node", "server.js", "--port", "\${PORT_${i}:-${3000 + i}}"]
    environment:
      NODE_ENV: production
      DATABASE_URL: postgres://shop:\${DB_PASSWORD:-x}@db:5432/shop_${i}
    ports:
      - "127.0.0.1:${3000 + i}:3000"
    volumes:
      - data-${i % 10}:/data
    networks: [back]
    depends_on:
      db:
        condition: service_healthy
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:3000/"]
      interval: 10s
`;

function composeOf(count: number): string {
  const services = Array.from({ length: count }, (_, i) => service(i)).join("");
  const volumes = Array.from({ length: 10 }, (_, i) => `  data-${i}:\n`).join("");
  return `x-shared: &shared\n  restart: unless-stopped\nservices:\n  db: { image: "postgres:18" }\n${services}networks: { back: }\nvolumes:\n${volumes}`;
}

async function measureAdd(cli: string, count: number, runs: number) {
  const base = mkdtempSync(join(tmpdir(), "glitchtip-compose-bench-"));
  const node = (...args: string[]) => ({ command: process.execPath, args, env: ENV });
  try {
    const project = join(base, "project");
    mkdirSync(project);
    writeFileSync(join(project, "compose.yaml"), composeOf(count));
    await good({ ...node(cli, "init", "--yes", "--app", "service-0=shop"), cwd: project });
    let copies = 0;
    const add = () => {
      const cwd = join(base, `copy-${copies++}`);
      cpSync(project, cwd, { recursive: true });
      return good({ ...node(cli, "add", `service-${count - 1}`, "--project", "jobs"), cwd });
    };
    return await pairs(runs, add, () => good(node("-e", "0")));
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

export async function measureProjects(cli: string): Promise<ProjectFigures> {
  const { ratio } = await measureAdd(cli, 100, samples(15));
  const { a } = await measureAdd(cli, 1000, samples(3));
  return { addRatio: ratio, residentMb: median(a.map(({ residentMb }) => residentMb)) };
}
