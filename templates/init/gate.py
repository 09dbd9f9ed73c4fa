"""Stands in front of GlitchTip's processes.

gate.py init              migrates and makes the superuser, then leaves a marker in the database.
gate.py manage JSON       runs a list of manage.py's commands, for init.
gate.py serve COMMAND...  becomes COMMAND if that marker is there and was left by this image, and refuses otherwise:
                          on a server without any account, whoever comes first would own it,
                          and an image on another one's tables loses what it does not find there.
"""

import collections
import contextlib
import gc
import hashlib
import io
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time

import psycopg

LOCK = 7221902514
# The exit code where the database refuses the password; `doctor` knows the remedy by it (stack-checks.ts).
REFUSED = 77
# What the database's drivers say where a connection was cut or not made, as a busy machine or a restart of the database does.
LOST = re.compile(
    r"connection (?:terminated|timeout|timed out|refused|reset|is (?:lost|closed|bad)|already closed)|timeout expired"
    r"|(?:closed|terminating) (?:the |your )?connection|connection has been closed|could not (?:receive|send) data"
    r"|could not translate host name|database system is (?:starting up|shutting down|in recovery|not yet accepting)",
    re.IGNORECASE,
)
RETRIES = 3
MIGRATE = "bin/run-migrate.sh"
RETAIN = "GLITCHTIP_RETAIN_LEGACY_DATA"
READ = "SELECT fingerprint, done_at > now() - interval '1 day' FROM glitchtip_compose.init"
MAKE = """
CREATE SCHEMA IF NOT EXISTS glitchtip_compose;
CREATE TABLE IF NOT EXISTS glitchtip_compose.init (
  id integer PRIMARY KEY CHECK (id = 1), fingerprint text NOT NULL, done_at timestamptz NOT NULL);
ALTER TABLE glitchtip_compose.init ADD COLUMN IF NOT EXISTS version text;
ALTER TABLE glitchtip_compose.init ADD COLUMN IF NOT EXISTS image text
"""
WRITE = """
INSERT INTO glitchtip_compose.init (id, fingerprint, done_at, version, image) VALUES (1, %s, now(), %s, %s)
ON CONFLICT (id) DO UPDATE SET
  fingerprint = excluded.fingerprint, done_at = excluded.done_at, version = excluded.version, image = excluded.image
"""
# Celery without Valkey keeps the jobs that it has taken, and with them the contents of all events.
PRUNE = "DELETE FROM kombu_message WHERE NOT visible AND timestamp < (now() AT TIME ZONE 'utc') - interval '1 day'"
# A crash of one of Postgres's processes is a start, too (src/running/backlog.ts).
RUN = """
SELECT floor(1000 * extract(epoch FROM greatest(pg_postmaster_start_time(),
  (SELECT max(backend_start) FROM pg_stat_activity WHERE backend_type = 'checkpointer'))))
"""
# Earlier marks have no such columns.
IMAGE = "SELECT to_jsonb(mark)->>'image' FROM glitchtip_compose.init mark"
VERSION = "SELECT to_jsonb(mark)->>'version' FROM glitchtip_compose.init mark"


def say(text):
    print(f"glitchtip-compose: {text}", flush=True)


def secret(path):
    with open(path, encoding="utf-8", newline="") as file:
        return re.sub(r"\r?\n\Z", "", file.read())


def address():
    """The user's own database by its URL, in which libpq reads percent-encoding; else ours."""
    if "DATABASE_URL_FILE" in os.environ:
        return {"conninfo": secret(os.environ["DATABASE_URL_FILE"])}
    return {
        "host": os.environ["DATABASE_HOST"],
        "port": os.environ["DATABASE_PORT"],
        "dbname": os.environ["DATABASE_NAME"],
        "user": os.environ["DATABASE_USER"],
        "password": secret(os.environ["DATABASE_PASSWORD_FILE"]),
    }


def refuse_password():
    """Without Valkey the database is the broker, and the password goes into its address as it is: no event is ever stored."""
    valkey = ("VALKEY_URL", "VALKEY_URL_FILE", "REDIS_URL", "REDIS_URL_FILE")
    if "DATABASE_URL_FILE" not in os.environ or any(os.environ.get(name) for name in valkey):
        return
    password = psycopg.conninfo.conninfo_to_dict(**address()).get("password", "")
    if not re.fullmatch("[A-Za-z0-9._~-]*", password):
        say("the database's password has other characters than letters, digits, . _ ~ -; without Valkey GlitchTip cannot use it:")
        say("give its user another password, or declare server.valkey: bundled")
        sys.exit(1)


def connect(seconds):
    """Right after a start of the whole engine the database may come up last."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return psycopg.connect(**address(), connect_timeout=5, autocommit=True)
        except psycopg.OperationalError as error:
            refused = "authentication failed" in str(error)
            if refused or time.monotonic() >= deadline:
                say(f"the database does not answer: {str(error).strip()}")
                if refused:
                    own = "DATABASE_URL_FILE" in os.environ
                    say("it has another password than the stack; to mend it:")
                    say("put its own into server.database.url" if own else "npx glitchtip-compose secrets rotate db-password")
                sys.exit(REFUSED if refused else 1)
            time.sleep(0.25)


def read_marker(db):
    there = db.execute("SELECT to_regclass('glitchtip_compose.init')").fetchone()[0]
    return db.execute(READ).fetchone() if there else None


def prune_jobs(db):
    if db.execute("SELECT to_regclass('kombu_message')").fetchone()[0]:
        db.execute(PRUNE)


def note_run(db, wanted):
    """Names this run of the database and this image for the provisioner, which proves the worker once for each."""
    path = os.environ.get("GLITCHTIP_DATABASE_RUN_FILE")
    if path is None:
        return
    started = db.execute(RUN).fetchone()[0]
    try:
        with open(f"{path}.new", "w", encoding="utf-8") as file:
            file.write(f"{started} {wanted}")
        os.chmod(f"{path}.new", 0o644)
        os.replace(f"{path}.new", path)
    except OSError as error:
        say(f"the provisioner proves the worker anew: {path} cannot be written: {error.strerror}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def numbers(version):
    """Major and minor; a later patch of the same minor is no other database. None for an own build."""
    found = re.match(r"v?(\d+)\.(\d+)", version or "")
    return found and found[0] != "0.0" and (int(found[1]), int(found[2]))


def refuse_newer(db):
    """Migrations do not go back, and an older GlitchTip on newer tables loses what it does not know."""
    migrated, here = db.execute(VERSION).fetchone()[0], os.environ.get("GLITCHTIP_VERSION")
    if numbers(migrated) and numbers(here) and numbers(migrated) > numbers(here):
        say(f"this image is GlitchTip {here}, and the database was already migrated by {migrated}; GlitchTip cannot go back:")
        say("take the newer image again, or the data of before: glitchtip-compose rollback, or restore")
        sys.exit(1)


def refuse_unmigrated(db):
    """An updater may swap this container alone: its tables are still those of the image before."""
    migrated = db.execute(IMAGE).fetchone()[0]
    if migrated is not None and migrated != fingerprint():
        version, here = db.execute(VERSION).fetchone()[0] or "another build", os.environ.get("GLITCHTIP_VERSION") or "this build"
        say(f"refusing to serve: this image is GlitchTip {here}, and glitchtip-init has prepared the database for {version}")
        say("docker compose up -d --wait runs glitchtip-init of this image first")
        sys.exit(1)


def fingerprint(email=""):
    """Changes with the image and with its migrations, also for an own build without a version."""
    names = [os.environ.get("GLITCHTIP_VERSION", ""), email]
    for folder, folders, files in os.walk("."):
        folders[:] = sorted(f for f in folders if f not in ("static", "uploads", "node_modules"))
        if os.path.basename(folder) == "migrations":
            names += sorted(os.path.join(folder, file) for file in files if file.endswith(".py"))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def for_migrations(db):
    """A new database has no events of an older generation; told to keep them, generation 6 would keep their empty tables."""
    there = db.execute("SELECT to_regclass('issue_events_issueevent') IS NOT NULL").fetchone()[0]
    env = {name: value for name, value in os.environ.items() if there or name != RETAIN}
    if "DATABASE_URL_FILE" not in os.environ:
        # Each migration is a commit that waits for the disk. The marker's own commit waits for all before it, and
        # without a marker everything runs again. Not for the user's own database: a pooler may refuse the option.
        env.setdefault("PGOPTIONS", "-c synchronous_commit=off")
    return env


def migration_commands():
    """The commands of GlitchTip's script where it is a plain list of them; None where it is more than that."""
    commands = []
    with open(MIGRATE, encoding="utf-8") as script:
        for line in map(str.strip, script):
            found = re.fullmatch(r"\./manage\.py ([a-z_]+(?: --[a-z-]+)*)", line)
            if found:
                commands.append(found[1].split())
            elif not re.fullmatch(r'(#.*|set -e|echo "[\w ,.-]*"|)', line):
                return None
    return commands or None


def is_lost(text):
    return "authentication failed" not in text and LOST.search(text) is not None


def run(command, env):
    """Returns the exit code. Shows the output as it comes; raises ConnectionError where its end tells of a lost connection."""
    last = collections.deque(maxlen=40)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, env=env, text=True, errors="replace", **pipes) as child:
        try:
            for line in child.stdout:
                print(line, end="", flush=True)
                last.append(line)
        except BaseException:
            child.kill()
            raise
    if child.returncode != 0 and is_lost("".join(last)):
        raise ConnectionError
    return child.returncode


def migrate(db, email):
    env = for_migrations(db)
    commands = migration_commands()
    if commands is None:
        failed(MIGRATE, run([MIGRATE], env))
    password = secret(os.environ.get("GLITCHTIP_ADMIN_PASSWORD_FILE", "/run/secrets/glitchtip_admin_password/value"))
    commands = [*(commands or []), ["createsuperuser", "--noinput", "--email", email]]
    # Each start of Django takes seconds, so one process runs all of them.
    manage = [sys.executable, __file__, "manage", json.dumps(commands)]
    if run(manage, {**env, "DJANGO_SUPERUSER_PASSWORD": password}) != 0:
        sys.exit(1)


def failed(what, code):
    if code != 0:
        say(f"{what} failed (exit {code})")
        sys.exit(1)


def run_command(command):
    sys.argv = ["manage.py", *command]
    try:
        runpy.run_path("manage.py", run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def manage(commands):
    sys.path.insert(0, os.getcwd())
    # Migrations make millions of objects that live: looking for garbage as often as usual takes a fifth of their time.
    gc.set_threshold(10_000, 50, 50)
    for command in commands[:-1]:
        failed(f"{MIGRATE}: ./manage.py {' '.join(command)}", run_command(command))
    email, output = commands[-1][-1], io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = run_command(commands[-1])
    if code == 0:
        return say(f"superuser {email} created")
    if "already taken" in output.getvalue().lower():
        return say(f"superuser {email} exists")
    print(output.getvalue(), end="")
    failed(f"superuser {email} could not be created: createsuperuser", code)


def init():
    """Everything here may run again, so a lost connection is no reason to give up at once."""
    refuse_password()
    for retry in range(1, RETRIES + 2):
        try:
            return prepare()
        except (ConnectionError, psycopg.OperationalError) as error:
            if not isinstance(error, ConnectionError) and not is_lost(str(error)):
                raise
            if retry > RETRIES:
                say(f"the connection to the database was lost {retry} times; docker compose up -d --wait tries again")
                sys.exit(1)
            say(f"the connection to the database was lost; trying again ({retry} of {RETRIES})")
            time.sleep(0.5)


def prepare():
    email = os.environ["GLITCHTIP_ADMIN_EMAIL"]
    wanted = fingerprint(email)
    # As long as the database may take to be made.
    with connect(90) as db:
        db.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        prune_jobs(db)
        note_run(db, wanted)
        marker = read_marker(db)
        if marker == (wanted, True):
            return say("nothing to do: image and database have not changed")
        if marker is not None:
            refuse_newer(db)
        # Also once a day: it makes the partitions of the coming days.
        migrate(db, email)
        db.execute(MAKE)
        db.execute(WRITE, [wanted, os.environ.get("GLITCHTIP_VERSION"), fingerprint()])


def serve(command):
    with connect(30) as db:
        ready = read_marker(db) is not None
        if ready:
            refuse_newer(db)
            refuse_unmigrated(db)
            prune_jobs(db)
    if not ready:
        say("refusing to serve: glitchtip-init has not succeeded for this database; see `docker compose logs glitchtip-init`")
        sys.exit(1)
    os.execvp(command[0], command)


# As PID 1 a process ignores TERM unless it says otherwise; exec puts the default back.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
if sys.argv[1:] == ["init"]:
    init()
elif sys.argv[1:2] == ["manage"]:
    manage(json.loads(sys.argv[2]))
elif sys.argv[1:2] == ["serve"] and len(sys.argv) > 2:
    serve(sys.argv[2:])
else:
    sys.exit(__doc__)
