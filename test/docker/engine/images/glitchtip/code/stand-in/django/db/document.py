"""The emulator's tables as the web process stores them: one JSON document in one row."""

import json
import os
from contextlib import contextmanager

import psycopg

tables = {}


def _address():
    if "DATABASE_URL_FILE" in os.environ:
        with open(os.environ["DATABASE_URL_FILE"], encoding="utf-8") as file:
            return {"conninfo": file.read()}
    with open(os.environ["DATABASE_PASSWORD_FILE"], encoding="utf-8") as file:
        password = file.read()
    names = {"host": "DATABASE_HOST", "port": "DATABASE_PORT", "dbname": "DATABASE_NAME", "user": "DATABASE_USER"}
    return {**{key: os.environ[name] for key, name in names.items()}, "password": password}


@contextmanager
def locked():
    with psycopg.connect(**_address()) as db:
        found = db.execute("SELECT document FROM stand_in_state WHERE id = 1 FOR UPDATE").fetchone()[0]
        tables.clear()
        tables.update(found)

        def save():
            write = "UPDATE stand_in_state SET version = gen_random_uuid(), document = %s WHERE id = 1"
            db.execute(write, [json.dumps(tables)])

        yield save


def rows(name):
    return tables.setdefault(name, {"nextId": 1, "rows": []})["rows"]


def insert(name, row):
    table = tables.setdefault(name, {"nextId": 1, "rows": []})
    row["id"] = table["nextId"]
    table["nextId"] += 1
    table["rows"].append(row)


def delete(name, key):
    tables[name]["rows"] = [row for row in rows(name) if row["id"] != key]
