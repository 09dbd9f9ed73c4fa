"""The document is locked while a transaction is open, and written at its end if it went well."""

from contextlib import contextmanager

from django.db import document

rolling_back = False


def set_rollback(value):
    global rolling_back
    rolling_back = value


@contextmanager
def atomic():
    set_rollback(False)
    with document.locked() as save:
        yield
        if not rolling_back:
            save()
