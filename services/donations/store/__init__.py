"""All of donations' SQL: one typed function per statement, in rooms by what they keep."""

from services.donations.store import checks, collections, lines

__all__ = ["checks", "collections", "lines"]
