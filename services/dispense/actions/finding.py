"""A patient without their card, found by the name they gave: it stands nowhere in the open, so each is looked at."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from services.dispense import sealing, store
from services.dispense.actions.patients import AgeBand, identity_of
from shared.database import Work
from shared.search import folded
from shared.search.folding import beginnings, latin

LEAST_LETTERS = 2
LAST_OF_CARD = 5


class Named(Struct, frozen=True, kw_only=True):
    """Somebody whose name is like what was typed; the end of the card tells two of one name apart."""

    patient_id: UUID
    alias: str
    age_band: AgeBand
    card_ends: str


class FoundByName(Struct, frozen=True, kw_only=True):
    patients: list[Named]
    more: bool
    """There are others; then more has to be typed."""


async def find_by_name(work: Work, keys: sealing.ClinicKeys, text: str, most: int) -> FoundByName:
    """Whoever has words that begin like those typed, in either script. That they were shown is written down.

    In a thread: to open 3,000 identities takes 0.1 s of a processor, and others must not wait for it.
    """
    async with work.transaction() as tx:
        assert tx.clinic_id is not None
        sealed = await store.patients.all_sealed(tx)
        found = await asyncio.to_thread(_named, keys, tx.clinic_id, sealed, text)
        await store.patients.note_look(tx, [one.patient_id for one in found[:most]], "search")
    return FoundByName(patients=found[:most], more=len(found) > most)


def _named(
    keys: sealing.ClinicKeys, clinic_id: UUID, rows: Sequence[store.patients.PatientRow], text: str
) -> list[Named]:
    typed = Typed(text)
    found: list[Named] = []
    for row in rows:
        identity = identity_of(keys, clinic_id, row)
        if identity is not None and typed.names(identity.alias):
            ends = identity.card_code[-LAST_OF_CARD:]
            found.append(
                Named(patient_id=row.patient_id, alias=identity.alias, age_band=identity.age_band, card_ends=ends)
            )
    return sorted(found, key=lambda one: (one.alias.casefold(), one.patient_id))


class Typed:
    """A part of a name as it was typed, made ready to be compared with many."""

    def __init__(self, text: str) -> None:
        self.plain = text.casefold()
        self.words = [_keys(word) for word in latin(text).split()]

    def names(self, alias: str) -> bool:
        """Whether each word begins a word of the name, however both are spelled."""
        if self.plain in alias.casefold():
            return True
        names = folded(alias).split()
        return bool(self.words) and all(any(name.startswith(keys) for name in names) for keys in self.words)


def _keys(word: str) -> tuple[str, ...]:
    """In Latin letters an x stands for ξ, or is drawn for χ: Zaxarias."""
    spellings = {word, word.replace("x", "ch")}
    return tuple({key for spelling in spellings for key in (folded(spelling), *beginnings(spelling)) if key})
