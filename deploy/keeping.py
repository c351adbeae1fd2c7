"""Keeping a running cell's servers up: one that has stopped is started again, and the terminal says so."""

import contextlib
import threading
from collections.abc import Generator
from typing import Protocol

from rich.console import Console

from deploy.embedded import DidNotStart
from shared.log import logger

log = logger(__name__)

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 5.0


class Kept(Protocol):
    """A server that can be looked after."""

    title: str

    def has_stopped(self) -> bool: ...
    def start(self) -> None: ...


class Keeper(threading.Thread):
    """Looks after one server until it is told to end. The services go on meanwhile, and connect again by themselves."""

    def __init__(self, server: Kept, console: Console) -> None:
        super().__init__(name=f"keeps {server.title}", daemon=True)
        self.server = server
        self.console = console
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(LOOK_SECONDS):
            if self.server.has_stopped():
                self._say(f"{self.server.title} has stopped; it is started again.")
                self._start_again()

    def _start_again(self) -> None:
        """Try until it runs, or until the cell ends; the same trouble is told once."""
        told = ""
        while not self.ended.is_set():
            try:
                self.server.start()
            except Exception as problem:
                why = str(problem) if isinstance(problem, DidNotStart) else f"{type(problem).__name__}: {problem}"
                if why != told:
                    self._say(f"{self.server.title} does not start; it is tried every {AGAIN_SECONDS:.0f} s. {why}")
                    told = why
                self.ended.wait(AGAIN_SECONDS)
            else:
                if told:
                    self._say(f"{self.server.title} runs again.")
                return

    def _say(self, sentence: str) -> None:
        line = " ".join(sentence.split())
        log.warning("server", said=line)
        self.console.print(line, highlight=False, markup=False)


@contextlib.contextmanager
def kept_up(console: Console, *servers: Kept) -> Generator[None, None, None]:
    """Each server is looked after as long as this lasts; afterwards none of them is being started any more."""
    keepers = [Keeper(server, console) for server in servers]
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.ended.set()
        for keeper in keepers:
            keeper.join()
