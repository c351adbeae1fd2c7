"""What one service is told when it starts: a JSON file that only its own process can read."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from shared.clock import Clock


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one service in one cell.

    Secrets stand in this file and nowhere else: not in the environment, not on a command line.
    """

    database_url: str
    """PostgreSQL address with the service's own role; several hosts may be named."""
    database_connections: Annotated[int, Meta(ge=2, le=100)] = 10
    nats_servers: tuple[str, ...]
    nats_user: str
    nats_password: str
    nats_replicas: Annotated[int, Meta(ge=1, le=5)] = 1
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)]
    time_zone: str = "Europe/Athens"
    signing_public_key: str
    """PEM of the Ed25519 key that checks signed statements."""
    signing_private_key_path: Path | None = None
    """Only stock has it: it alone signs people in."""
    clinic_keys_path: Path | None = None
    """Only dispense has it: the folder of the keys that wrap patients' keys."""
    request_key: str
    """Secret of the keyed hash of idempotent requests (base64)."""
    backup_retention_days: Annotated[int, Meta(ge=0, le=3660)] = 90
    demo_days_path: Path | None = None
    secure_cookies: bool = False

    def clock(self) -> Clock:
        return Clock(time_zone=ZoneInfo(self.time_zone), demo_days_path=self.demo_days_path)


def read_settings(path: Path) -> Settings:
    """Read and check a settings file; raises msgspec.ValidationError naming the field that is wrong."""
    return msgspec.json.decode(path.read_bytes(), type=Settings, dec_hook=lambda kind, text: kind(text))


def encode_settings(settings: Settings) -> bytes:
    return msgspec.json.format(msgspec.json.encode(settings, enc_hook=str))
