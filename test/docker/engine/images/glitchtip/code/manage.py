#!/usr/bin/env python
"""Stand-in for Django's command line: the commands that installations use."""
import os
import smtplib
import subprocess
import sys
import urllib.parse
from email.message import EmailMessage

COMMANDS = {"createsuperuser": "createsuperuser", "migrate": "migrate"}
if os.environ.get("STAND_IN_GENERATION") == "6":
    COMMANDS["runworker"] = "worker"


def send_test_email(to):
    """Sends by EMAIL_URL as GlitchTip reads it: EMAIL_URL_FILE wins, but only beside EMAIL_URL."""
    url = os.environ.get("EMAIL_URL", "")
    if url and "EMAIL_URL_FILE" in os.environ:
        with open(os.environ["EMAIL_URL_FILE"], encoding="utf-8") as file:
            url = file.read()
    mail = EmailMessage()
    mail["Subject"] = "Test email from GlitchTip"
    mail["From"], mail["To"] = os.environ.get("DEFAULT_FROM_EMAIL", "webmaster@localhost"), to
    mail.set_content("If you're reading this, it was successful.")
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "consolemail":
        return print(mail)
    connect = smtplib.SMTP_SSL if parts.scheme == "smtp+ssl" else smtplib.SMTP
    with connect(parts.hostname, parts.port or 25, timeout=10) as server:
        if parts.scheme == "smtp+tls":
            server.starttls()
        if parts.username:
            server.login(urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or ""))
        server.send_message(mail)


def shell(code):
    """Does what `shell -c CODE` does, including the line that Django prints first."""
    sys.path.insert(0, "/code/stand-in")
    print("6 objects imported automatically (use -v 2 for details).\n")
    exec(code, {"__name__": "django.core.management.commands.shell"})


name, arguments = (sys.argv[1:] or ["help"])[0], sys.argv[2:]
if name == "check":
    print("System check identified no issues (0 silenced).")
elif name == "help":
    print("Available subcommands:", *sorted([*COMMANDS, "check", "sendtestemail", "shell"]), sep="\n    ")
elif name == "sendtestemail":
    send_test_email(arguments[0])
elif name == "shell" and arguments[:1] == ["-c"]:
    shell(arguments[1])
elif name == "runworker" and name in COMMANDS:
    os.execvp("node", ["node", "/code/stand-in.mjs", COMMANDS[name], *arguments])
elif name in COMMANDS:
    # Like Django's, several commands may run in one interpreter, which may capture what they print.
    command = ["node", "/code/stand-in.mjs", COMMANDS[name], *arguments]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(ended.stdout, end="")
    sys.exit(ended.returncode)
elif name in ("createcachetable", "pgpartition"):
    pass
else:
    sys.exit(f"Unknown command: '{name}'\nType 'manage.py help' for usage.")
