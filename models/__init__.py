"""The log: tables, and the questions asked of them. `Store` is the one async door; peewee is known in here only."""

from models.store import Store

__all__ = ["Store"]
