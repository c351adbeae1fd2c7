"""What a scanned code says, as each service answers from what it knows of the catalogue. Nothing is stored."""

from msgspec import Struct

from shared import fields, gtins
from shared.codes import Reading, Recognised, read_code
from shared.database import Work
from shared.roles import Act
from shared.web.operations import asking


class ScanBody(fields.Body, frozen=True):
    text: fields.Scan


class Scanned(Struct, frozen=True, kw_only=True):
    """`reading.kind`: recognised, question or refusal. `pack`: null where the number isn't known."""

    reading: Reading
    pack: gtins.KnownPack | None


@asking("/clinics/{clinic_id:uuid}/scan", act=Act.SCAN)
async def scan(work: Work, data: ScanBody) -> Scanned:
    """Read a code as scanned or typed: GTIN, batch, expiry, serial; and which pack it is, if that is known."""
    async with work.reading() as tx:
        reading = read_code(data.text, tx.today)
        pack = await gtins.pack_of(tx.sql, tx.clinic_id, reading.gtin) if isinstance(reading, Recognised) else None
    return Scanned(reading=reading, pack=pack)
