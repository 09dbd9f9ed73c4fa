#!/bin/sh
exec node /code/stand-in.mjs worker "$@"
