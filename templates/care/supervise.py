"""supervise.py SERVICE COMMAND...  runs COMMAND and restarts it when glitchtip-care asks.

Between container and process as an init is: passes signals on, reaps orphans, ends as COMMAND ends. Tells what it sees
in /run/glitchtip-care/SERVICE.json; a restart is asked for by SERVICE.restart. Without that folder it only runs COMMAND.
"""

import json
import os
import signal
import sys
import time

FOLDER = "/run/glitchtip-care"
TELL_EVERY_S = 5.0
# What a new process takes goes into the report of its restart.
AT_FIRST_EVERY_S, AT_FIRST_S = 1.0, 30.0
PASSED_ON = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}
AWAITED = PASSED_ON | {signal.SIGCHLD}
# Postgres and the other programs of the single container have the same limit, and much of the page cache is theirs.
SHARED = bool(os.environ.get("GLITCHTIP_CARE_SHARED"))


def read(path):
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""


def number(text):
    return int(text) if text.strip().isdigit() else None


def field(name, text):
    return next((number(line.split()[1]) for line in text.splitlines() if line.startswith(name + " ")), None)


def memory_of(session):
    """Of a program's processes: what they share counts by its part. None where that cannot be seen."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(name)) == session:
                found.append(field("Pss:", read(f"/proc/{name}/smaps_rollup")))
        except ProcessLookupError:
            pass
    return sum(kib * 1024 for kib in found if kib is not None) or None


def figures(pid):
    """Of the whole container, as its cgroup counts them; what can be dropped at once (the page cache) left out."""
    base = "/sys/fs/cgroup"
    if os.path.exists(f"{base}/memory.current"):
        used, limit = number(read(f"{base}/memory.current")), number(read(f"{base}/memory.max"))
        statistics, prefix = read(f"{base}/memory.stat"), ""
        cpu = field("usage_usec", read(f"{base}/cpu.stat"))
    else:
        used = number(read(f"{base}/memory/memory.usage_in_bytes"))
        limit = number(read(f"{base}/memory/memory.limit_in_bytes"))
        statistics, prefix = read(f"{base}/memory/memory.stat"), "total_"
        cpu = (number(read(f"{base}/cpuacct/cpuacct.usage")) or 0) // 1000
    dropped = ["inactive_file", "active_file"] if SHARED else ["inactive_file"]
    cache = sum(field(prefix + name, statistics) or 0 for name in dropped)
    taken = None if used is None else max(0, used - cache)
    own = {"memoryBytes": memory_of(pid), "containerBytes": taken} if SHARED else {"memoryBytes": taken}
    return {**own, "memoryLimitBytes": limit, "cpuMicroseconds": cpu}


class Supervisor:
    def __init__(self, service, command):
        self.service, self.command = service, command
        self.state_path = f"{FOLDER}/{service}.json"
        self.request_path = f"{FOLDER}/{service}.restart"
        self.alive_file = os.environ.get("GLITCHTIP_CARE_ALIVE_FILE")
        self.last = None
        # Whoever asked before this start has got it.
        self.forget(self.request_path)
        self.start()

    def forget(self, path):
        try:
            os.unlink(path)
        except OSError:
            pass

    def start(self):
        # Told when it has become COMMAND.
        self.since, self.told = time.time(), time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            # A group of its own: a restart takes its children along, and nobody's `docker exec`.
            os.setsid()
            # Python ignores these, and exec would hand that on.
            for name in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(name, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
            try:
                os.execvp(self.command[0], self.command)
            except OSError as error:
                print(f"glitchtip-compose: {self.command[0]}: {error.strerror}", file=sys.stderr, flush=True)
            os._exit(127)

    def run(self):
        while True:
            got = signal.sigtimedwait(AWAITED, 1.0)
            if got is not None and got.si_signo != signal.SIGCHLD:
                self.send(got.si_signo)
            status = self.reap()
            if status is not None:
                self.sweep(signal.SIGTERM)
                return status
            self.obey()
            self.tell()

    def send(self, number, group=False):
        try:
            (os.killpg if group else os.kill)(self.pid, number)
        except ProcessLookupError:
            pass

    def reap(self):
        """The exit code of COMMAND once it has ended; orphans are let go."""
        found = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return found
            if pid == 0:
                return found
            if pid == self.pid:
                code = os.waitstatus_to_exitcode(status)
                found = 128 - code if code < 0 else code

    def sweep(self, number):
        """What COMMAND has left of its group goes, too."""
        self.send(number, group=True)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                os.killpg(self.pid, 0)
            except (ProcessLookupError, PermissionError):
                return
            signal.sigtimedwait({signal.SIGCHLD}, 0.1)
            self.reap()
        self.send(signal.SIGKILL, group=True)

    def obey(self):
        text = read(self.request_path)
        if not text:
            return
        try:
            request = json.loads(text)
            ident, grace = str(request["id"]), float(request["graceSeconds"])
            os.unlink(self.request_path)
        except (ValueError, KeyError, TypeError, OSError):
            # Half written, or not ours to take away: one that cannot be taken away would come again and again.
            return
        before, begun, pid = figures(self.pid), time.monotonic(), self.pid
        print(f"glitchtip-compose: restart asked for by glitchtip-care: {self.service}, pid {pid}", flush=True)
        self.send(signal.SIGTERM)
        ended, stopping, killed = None, None, False
        while ended is None:
            left = begun + grace - time.monotonic()
            if left <= 0 and not killed:
                killed = True
                self.send(signal.SIGKILL, group=True)
            got = signal.sigtimedwait(AWAITED, max(0.05, min(1.0, left)))
            if got is not None and got.si_signo in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
                # The container is being stopped meanwhile: nothing is started again.
                stopping = got.si_signo
                self.send(got.si_signo)
            ended = self.reap()
        self.sweep(signal.SIGKILL)
        stopped = time.monotonic()
        if stopping is not None:
            sys.exit(ended)
        self.start()
        self.last = {
            "id": ident,
            "pidBefore": pid,
            "pidAfter": self.pid,
            "stopMs": round((stopped - begun) * 1000),
            "exitCode": ended,
            "killed": killed,
            "before": before,
        }

    def tell(self):
        now = time.monotonic()
        every = AT_FIRST_EVERY_S if time.time() - self.since < AT_FIRST_S else TELL_EVERY_S
        if now - self.told < every and self.told:
            return
        self.told = now
        try:
            alive = None if self.alive_file is None else time.time() - os.path.getmtime(self.alive_file)
        except OSError:
            alive = None
        seen = figures(self.pid)
        state = {"at": time.time(), "pid": self.pid, "since": self.since, **seen, "aliveAgo": alive, "last": self.last}
        temporary = f"{self.state_path}.tmp"
        try:
            with open(temporary, "w", encoding="ascii") as file:
                # glitchtip-care is root without a capability: another user.
                os.fchmod(file.fileno(), 0o644)
                json.dump(state, file)
            os.replace(temporary, self.state_path)
        except OSError:
            # glitchtip-care opens the folder when it comes.
            self.told = 0.0


if len(sys.argv) < 3:
    sys.exit(__doc__)
signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
supervisor = Supervisor(sys.argv[1], sys.argv[2:])
try:
    sys.exit(supervisor.run())
finally:
    # So that glitchtip-care knows at once that nothing runs here.
    supervisor.forget(supervisor.state_path)
