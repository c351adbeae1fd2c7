"""Identifiers: UUIDv7, so that rows made together lie together."""

from uuid import UUID, uuid5

import uuid_utils.compat

_NAMESPACE = UUID("6ab1d0f2-9f6e-5c11-8a5e-d0515d0515d0")


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562)."""
    return uuid_utils.compat.uuid7()


def derived_id(*parts: object) -> UUID:
    """The same UUIDv5 for the same parts, wherever it is asked."""
    return uuid5(_NAMESPACE, "/".join(str(part) for part in parts))
