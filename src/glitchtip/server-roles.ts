/** One process of GlitchTip's image: its command, and its variables beside the common ones. */
export interface ServerRole {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** A file that the process touches while it works; one older than `aliveForS` means that it is stuck. */
  readonly aliveFile?: { readonly path: string; readonly aliveForS: number };
}

const START = ["./bin/start.sh"] as const;
const ALIVE_FILE = "/tmp/worker-alive";

export const WEB: ServerRole = { command: START, environment: { SERVER_ROLE: "web" } };

/**
 * uWSGI closes each connection after its answer without saying so, and a proxy that sends the next request on it answers 502
 * (docs/glitchtip-facts.md, "Load and memory").
 */
export const UWSGI_WEB: ServerRole = {
  command: START,
  environment: { SERVER_ROLE: "web", UWSGI_ADD_HEADER: "Connection: close" },
};

export const CELERY_WORKER: ServerRole = {
  command: START,
  environment: {
    SERVER_ROLE: "worker_with_beat",
    // The script sets these without exporting them: without ours 100 events take 26 s instead of 2.
    CELERY_WORKER_POOL: "threads",
    CELERY_WORKER_CONCURRENCY: "4",
    CELERY_WORKER_PREFETCH_MULTIPLIER: "25",
  },
};

export const VTASKS_WORKER: ServerRole = {
  // What bin/run-worker.sh does, which passes no arguments on.
  command: ["./manage.py", "runworker", "--scheduler", "--health-check-file", ALIVE_FILE],
  environment: { SERVER_ROLE: "worker", IS_WORKER: "true" },
  aliveFile: { path: ALIVE_FILE, aliveForS: 15 },
};

export const ALL_IN_ONE: ServerRole = {
  command: START,
  environment: { SERVER_ROLE: "all_in_one", SKIP_INIT: "true" },
};
