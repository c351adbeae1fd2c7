"""GTINs that no other test binds."""

from collections.abc import Iterator

from shared.ids import new_id


def _gtins() -> Iterator[str]:
    for number in range(1, 1_000_000):
        payload = f"0529{new_id().int % 10**8:08}{number % 10}"
        yield payload + str(-sum(int(d) * (3, 1)[place % 2] for place, d in enumerate(reversed(payload))) % 10)


NEW = _gtins()
