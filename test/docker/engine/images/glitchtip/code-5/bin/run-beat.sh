#!/bin/sh
# Alone the scheduler does nothing that anyone outside could see.
exec node -e 'process.on("SIGTERM", () => process.exit(0)); setInterval(() => undefined, 60_000);'
