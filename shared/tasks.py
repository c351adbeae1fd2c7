"""Ending what runs in the background, whatever swallows a cancellation."""

import asyncio
import contextlib
from collections.abc import Sequence

AGAIN_SECONDS = 2.0


async def end_tasks(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel tasks until each has ended.

    Once is not enough: nats-py's flush swallows a cancellation, and so does asyncio.wait_for of Python 3.11 when
    what it waits for is done in the same moment; the task would then go on for ever.
    """
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):  # we are ending already
            await asyncio.wait(left, timeout=AGAIN_SECONDS)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that nobody calls it forgotten
