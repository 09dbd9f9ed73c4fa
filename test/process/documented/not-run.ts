/** Lines that no test runs, by the reason. */
export const NOT_RUN: Readonly<Record<string, readonly string[]>> = {
  "needs a public host, root, or a package of the system": [
    "sudo apt-get install nginx certbot python3-certbot-nginx",
    "sudo certbot certonly --nginx -d errors.example.com",
    "sudo nginx -t && sudo systemctl reload nginx",
    'echo "include /srv/shop/.glitchtip/proxy/nginx.conf;" | sudo tee /etc/nginx/conf.d/glitchtip.conf',
    "cd /srv/shop",
    "npm install --global glitchtip-compose",
  ],
  "runs a container of somebody else's, with a certificate for a public name": [
    "docker compose -f /srv/traefik/compose.yaml logs",
    "docker compose -f /srv/traefik/compose.yaml up -d",
  ],
  "needs a registry that has the image": ["docker compose pull", "glitchtip-compose build api --pull"],
  "is an interactive program, or a task, of GlitchTip's that the stand-in does not have": [
    "glitchtip-compose manage shell",
    "glitchtip-compose manage showmigrations --plan",
    "glitchtip-compose manage import_legacy_events --end-date YYYY-MM-DD",
  ],
  "is what the page advises against, or looks at without us": [
    "docker compose up --exit-code-from tests",
    "docker compose -f FILE config",
  ],
  "is no command: an option, or what a file holds": [
    "glitchtip-compose --json",
    "SENTRY_DSN='http://…@127.0.0.1:8000/1'",
  ],
  "belongs to this repository's own engine for tests": ['eval "$(bash test/docker/engine/engine.sh env)"'],
};

/** This repository's own tests and builds, which CI runs. */
export const OWN_SCRIPT = /^(?:[A-Z_]+=\S+ )*(?:npm (?:run|test|ci)|npx vitest)\b/;
