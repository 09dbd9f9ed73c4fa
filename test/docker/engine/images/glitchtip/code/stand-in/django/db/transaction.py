"""Locks the document while a transaction is open, and writes it at the end unless an exception was raised."""

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
