"""What runs in the background ends, even where a library swallows the first cancellation."""

import asyncio
import contextlib

import pytest

from shared.tasks import end_tasks

pytestmark = pytest.mark.anyio


async def _stubborn(swallowed: list[int], times: int) -> None:
    while len(swallowed) < times:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        swallowed.append(1)
    await asyncio.sleep(60)


@pytest.mark.parametrize("times", [0, 1, 2])
async def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same(
    monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr("shared.tasks.AGAIN_SECONDS", 0.05)
    swallowed: list[int] = []
    task = asyncio.create_task(_stubborn(swallowed, times))
    await asyncio.sleep(0)
    await end_tasks([task])
    assert task.cancelled()
    assert len(swallowed) == times


async def test_a_task_that_failed_has_ended() -> None:
    async def fail() -> None:
        raise ValueError

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await end_tasks([task])
    assert isinstance(task.exception(), ValueError)


async def test_ending_goes_on_when_it_is_itself_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.tasks.AGAIN_SECONDS", 0.05)
    task = asyncio.create_task(_stubborn([], 3))
    await asyncio.sleep(0)
    ending = asyncio.create_task(end_tasks([task]))
    await asyncio.sleep(0.01)
    ending.cancel()
    await ending
    assert task.cancelled()
