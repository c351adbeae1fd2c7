"""A cell on one machine: its folder, secrets, servers, databases and the settings of its services."""

import contextlib
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path

import asyncpg
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from deploy.embedded import DidNotStart, Nats, Postgres, free_port
from services.dispense.service import SERVICE as DISPENSE
from services.donations.service import SERVICE as DONATIONS
from services.stock.service import SERVICE as STOCK
from shared.migrate import migrate
from shared.service import Service
from shared.settings import Settings, encode_settings

SERVICES: dict[str, Service] = {service.name: service for service in (STOCK, DONATIONS, DISPENSE)}


class Secrets(Struct, frozen=True, kw_only=True):
    """What a cell must keep: ports and passwords, made once, in a file that only its owner can read."""

    postgres_port: int
    nats_port: int
    web_port: int
    service_ports: dict[str, int]
    superuser_password: str
    owner_passwords: dict[str, str]
    app_passwords: dict[str, str]
    nats_passwords: dict[str, str]
    request_key: str


class Cell:
    """One deployment in one folder. `demo`: its clock can be set. `web_port`: of a new one, else DOSIS_PORT or 8400."""

    def __init__(
        self,
        folder: Path,
        *,
        demo: bool = False,
        postgres_options: tuple[str, ...] = (),
        web_port: int | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.demo = demo
        self.folder.mkdir(parents=True, exist_ok=True)
        self.secrets = self._secrets(web_port)
        self.postgres = Postgres(
            self.folder, self.secrets.postgres_port, self.secrets.superuser_password, options=postgres_options
        )
        self.nats = Nats(self.folder, self.secrets.nats_port, self.secrets.nats_passwords)

    # Files

    @property
    def is_new(self) -> bool:
        return not (self.folder / "pgdata" / "PG_VERSION").exists()

    @property
    def clinic_keys(self) -> Path:
        return self.folder / "keys" / "clinics"

    @property
    def signing_key(self) -> Path:
        return self.folder / "keys" / "signing.pem"

    @property
    def demo_days(self) -> Path:
        return self.folder / "demo-days"

    def _secrets(self, web_port: int | None) -> Secrets:
        path = self.folder / "cell.json"
        if path.exists():
            try:
                return msgspec.json.decode(path.read_bytes(), type=Secrets)
            except msgspec.DecodeError as problem:
                raise DidNotStart(f"{path} is damaged ({problem}): take it back from a copy.") from problem
        made = Secrets(
            postgres_port=free_port(),
            nats_port=free_port(),
            web_port=web_port or _wished_port(),
            service_ports={name: free_port() for name in SERVICES},
            superuser_password=secrets.token_urlsafe(24),
            owner_passwords={name: secrets.token_urlsafe(24) for name in SERVICES},
            app_passwords={name: secrets.token_urlsafe(24) for name in SERVICES},
            nats_passwords={name: secrets.token_urlsafe(24) for name in SERVICES},
            request_key=secrets.token_urlsafe(32),
        )
        _write_private(path, msgspec.json.format(msgspec.json.encode(made)))
        return made

    def make_keys(self) -> None:
        """The signing key of this cell, once; and the folder of the clinics' keys."""
        self.clinic_keys.mkdir(parents=True, exist_ok=True)
        (self.folder / "keys").chmod(0o700)
        if not self.signing_key.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            _write_private(self.signing_key, pem)

    def public_key(self) -> str:
        private = serialization.load_pem_private_key(self.signing_key.read_bytes(), password=None)
        public = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return public.decode()

    def settings_of(self, name: str) -> Settings:
        """What one service is told; only what it needs."""
        return Settings(
            database_url=self.app_url(name),
            nats_servers=(self.nats.url,),
            nats_user=name,
            nats_password=self.secrets.nats_passwords[name],
            port=self.secrets.service_ports[name],
            signing_public_key=self.public_key(),
            signing_private_key_path=self.signing_key if name == "stock" else None,
            clinic_keys_path=self.clinic_keys if name == "dispense" else None,
            request_key=self.secrets.request_key,
            demo_days_path=self.demo_days if self.demo else None,
        )

    def settings_path(self, name: str) -> Path:
        return self.folder / "settings" / f"{name}.json"

    def _write_settings(self) -> None:
        (self.folder / "settings").mkdir(exist_ok=True)
        for name in SERVICES:
            _write_private(self.settings_path(name), encode_settings(self.settings_of(name)))

    # Databases

    def app_url(self, name: str) -> str:
        return self.postgres.url(f"dosis_{name}", f"dosis_{name}", self.secrets.app_passwords[name])

    def owner_url(self, name: str) -> str:
        """The role that owns the tables: for migrations and `dosis check`, never for requests."""
        return self.postgres.url(f"dosis_{name}", f"dosis_{name}_owner", self.secrets.owner_passwords[name])

    async def set_up_databases(self) -> list[str]:
        """Make what is missing: a database and two roles for each service, and its migrations."""
        server = await asyncpg.connect(self.postgres.url("postgres"))
        try:
            for name in SERVICES:
                await self._make_database(server, name)
        finally:
            await server.close()
        return [applied for name in SERVICES for applied in await self.migrate(name)]

    async def _make_database(self, server: asyncpg.Connection, name: str) -> None:
        owner, app = f"dosis_{name}_owner", f"dosis_{name}"
        await _make_role(server, owner, self.secrets.owner_passwords[name], "BYPASSRLS")
        await _make_role(server, app, self.secrets.app_passwords[name], "NOBYPASSRLS")
        if not await server.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", f"dosis_{name}"):
            await server.execute(f"CREATE DATABASE dosis_{name} OWNER {owner}")
            await server.execute(f"REVOKE ALL ON DATABASE dosis_{name} FROM PUBLIC")
            await server.execute(f"GRANT CONNECT ON DATABASE dosis_{name} TO {app}")

    async def migrate(self, name: str) -> list[str]:
        connection = await asyncpg.connect(self.owner_url(name))
        try:
            return await migrate(connection, SERVICES[name].migrations, f"dosis_{name}")
        finally:
            await connection.close()

    # Servers

    async def start_servers(self) -> None:
        self.make_keys()
        self._write_settings()
        self.postgres.start()
        self.nats.start()
        await self.set_up_databases()

    def stop_servers(self) -> None:
        self.nats.stop()
        self.postgres.stop()

    def service_process(self, name: str) -> contextlib.AbstractContextManager["ServiceProcess"]:
        """One service alone, as `python -m services.<name>`."""
        port, settings = self.secrets.service_ports[name], self.settings_path(name)
        return _running(ServiceProcess(self, name, port, f"services.{name}", settings))

    def together_process(self) -> contextlib.AbstractContextManager["ServiceProcess"]:
        """All services as one app at one address, as `dosis up` serves them."""
        return _running(ServiceProcess(self, "dosis", self.secrets.web_port, "deploy.together", self.folder))

    def set_days_ahead(self, days: int) -> None:
        """Set a demo cell's clock."""
        assert self.demo, "only a demo cell's clock can be set"
        temporary = self.demo_days.with_suffix(".new")
        temporary.write_text(str(days))
        temporary.rename(self.demo_days)


class ServiceProcess:
    """One or all of a cell's services, as `python -m MODULE PATH`."""

    def __init__(self, cell: Cell, name: str, port: int, module: str, path: Path) -> None:
        self.cell = cell
        self.name = name
        self.command = (sys.executable, "-m", module, str(path))
        self.url = f"http://127.0.0.1:{port}"
        self.log = cell.folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait_seconds: float = 30) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=Path(__file__).parent.parent,
            )
        deadline = time.monotonic() + wait_seconds
        while not _answers(f"{self.url}/health/live"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise DidNotStart(f"{self.name}: {self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(15)


@contextlib.contextmanager
def _running(process: ServiceProcess) -> Generator[ServiceProcess, None, None]:
    process.start()
    try:
        yield process
    finally:
        process.stop()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - a loopback address of ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _wished_port() -> int:
    wished = os.environ.get("DOSIS_PORT", "8400")
    if not (wished.isascii() and wished.isdigit() and 0 < int(wished[:6]) < 2**16):
        raise DidNotStart(f"DOSIS_PORT is {wished[:20]!r}: give a number from 1 to 65535.")
    return int(wished)


async def _make_role(server: asyncpg.Connection, role: str, password: str, attribute: str) -> None:
    exists = await server.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if exists else "CREATE"
    # The name and the attribute are ours; the password is made of URL-safe characters.
    await server.execute(f"{verb} ROLE {role} LOGIN {attribute} PASSWORD '{password}'")


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
