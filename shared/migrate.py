"""Forward-only migrations: numbered SQL files, each applied once, in its own transaction, under a lock."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import asyncpg
from msgspec import Struct

from shared.errors import DosisError

_LOCK_ID = 0x0D0515
_FILE = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


class MigrationChanged(DosisError):
    title = "A migration that was already applied has been changed"
    detail = "Put the file back as it was and write a new migration."


class Migration(Struct, frozen=True):
    part: str
    number: int
    path: Path

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def migrations_in(part: str, folder: Path) -> list[Migration]:
    """The migrations of one part in their order; their numbers run from 1 without a gap."""
    found = sorted((m for m in (_FILE.match(p.name) for p in folder.iterdir()) if m), key=lambda m: m[0])
    migrations = [Migration(part, int(match[1]), folder / match[0]) for match in found]
    assert [m.number for m in migrations] == list(range(1, len(migrations) + 1)), f"gap in {folder}"
    return migrations


async def migrate(connection: asyncpg.Connection, parts: Sequence[tuple[str, Path]], app_role: str) -> list[str]:
    """Apply what is missing, as the role that owns the tables; returns the names of what was applied.

    `:app_role` in a file is the role under which the service works. A second process waits for the first; a lock
    or statement that takes too long fails and changes nothing.
    """
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK_ID)
    try:
        await connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migration (
                part text NOT NULL,
                number integer NOT NULL,
                sha256 text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now(),
                CONSTRAINT schema_migration_pkey PRIMARY KEY (part, number)
            )
            """
        )
        rows = await connection.fetch("SELECT part, number, sha256 FROM schema_migration ORDER BY part, number")
        known = {(row["part"], row["number"]): row["sha256"] for row in rows}
        applied: list[str] = []
        for part, folder in parts:
            for migration in migrations_in(part, folder):
                if await _apply(connection, migration, known.get((part, migration.number)), app_role):
                    applied.append(f"{part}/{migration.path.name}")
        return applied
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK_ID)


async def _apply(connection: asyncpg.Connection, migration: Migration, known_sha256: str | None, app_role: str) -> bool:
    if known_sha256 == migration.sha256:
        return False
    if known_sha256 is not None:
        raise MigrationChanged(file=migration.path.name)
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s'")
        await connection.execute(migration.path.read_text().replace(":app_role", app_role))
        await connection.execute(
            "INSERT INTO schema_migration (part, number, sha256) VALUES ($1, $2, $3)",
            migration.part,
            migration.number,
            migration.sha256,
        )
    return True
