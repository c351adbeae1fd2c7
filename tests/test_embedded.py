"""The servers that a cell brings with it."""

from pathlib import Path

import psutil
import pytest

from deploy.cell import Cell
from deploy.embedded import DidNotStart, Nats, Postgres
from tests.scratch import connected, nats_apart

pytestmark = pytest.mark.anyio


async def test_two_transactions_that_wait_for_one_another_are_parted_soon(cell: Cell) -> None:
    async with connected(cell.postgres.url("postgres")) as server:
        assert await server.fetchval("SHOW deadlock_timeout") == "200ms"


def test_what_is_ended_of_a_copied_cell_is_not_the_cells_own(cell: Cell, tmp_path: Path) -> None:
    """A copy has the same port and passwords, and no server yet."""
    copy = Postgres(tmp_path, cell.postgres.port, cell.postgres.superuser_password)
    assert copy.has_stopped()
    before = _processes_of(cell)
    copy.stop()
    assert _processes_of(cell) == before != set()


def _processes_of(cell: Cell) -> set[int]:
    title = f"postgres: {cell.postgres.cluster_name}: checkpointer"
    found = psutil.process_iter(["cmdline"])
    return {process.pid for process in found if title in " ".join(process.info["cmdline"] or ())}


def test_nats_does_not_take_another_program_for_itself() -> None:
    with nats_apart() as first:
        second = Nats(first.folder / "second", first.port, first.users)
        with pytest.raises(DidNotStart, match="is taken by another program"):
            second.start()
        assert second.has_stopped()
        assert not first.has_stopped()
