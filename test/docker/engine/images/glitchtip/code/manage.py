#!/usr/bin/env python
"""Stand-in for Django's command line: the commands that installations use."""
import os
import sys

COMMANDS = {"createsuperuser": "createsuperuser", "migrate": "migrate"}
if os.environ.get("STAND_IN_GENERATION") == "6":
    COMMANDS["runworker"] = "worker"

name, arguments = (sys.argv[1:] or ["help"])[0], sys.argv[2:]
if name == "check":
    print("System check identified no issues (0 silenced).")
elif name == "help":
    print("Available subcommands:", *sorted([*COMMANDS, "check"]), sep="\n    ")
elif name in COMMANDS:
    os.execvp("node", ["node", "/code/stand-in.mjs", COMMANDS[name], *arguments])
else:
    sys.exit(f"Unknown command: '{name}'\nType 'manage.py help' for usage.")
