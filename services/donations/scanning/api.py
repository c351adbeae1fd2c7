"""Scanning donated boxes."""

from uuid import UUID

from services.donations.rules import Storage
from services.donations.scanning import actions
from services.donations.scanning.deciding import ScannedItem
from shared import fields
from shared.database import Work
from shared.identity import Access
from shared.policies import SourceKind
from shared.roles import Act
from shared.web.operations import command
from shared.web.scanning import scan


class LineScanBody(fields.Body, frozen=True):
    """The raw scan; the rest is what the code does not say. Without `units` it is a full pack, sealed.

    Where the scan is a question, `batch`, `expires_on`, `product_id` or `batch_unreadable` settle it if they tell one
    of its readings from all others; or the `text` of that reading is sent instead.
    `units_per_pack` is learnt with a number that nobody knew; `batch_unreadable` says that no batch can be read;
    `seen_before_ok` adds a pack though its serial was logged before; `more_than_pack_ok` takes more `units` than a
    full pack has; `another_pack` says that it is not the other code of the box that was scanned last.
    """

    text: fields.Scan
    source_kind: SourceKind
    source_name: fields.Name | None = None
    storage: Storage = Storage.ROOM
    opened: bool = False
    units: fields.Units | None = None
    units_per_pack: fields.Units | None = None
    product_id: UUID | None = None
    batch: fields.Batch | None = None
    batch_unreadable: bool = False
    expires_on: fields.Day | None = None
    seen_before_ok: bool = False
    more_than_pack_ok: bool = False
    another_pack: bool = False

    def item(self) -> ScannedItem:
        return ScannedItem(**{name: getattr(self, name) for name in self.__struct_fields__})


@command(
    "/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/scan",
    act=Act.COLLECT,
    status_code=200,
)
async def scan_line(
    work: Work, access: Access, clinic_id: UUID, collection_id: UUID, data: LineScanBody
) -> actions.LineScanned:
    """Add a donated box by its code, if all is certain; else say what isn't, and store nothing.

    The second code of the box that was scanned last adds no line: `same_pack` is the one that is there.
    """
    return await actions.add_scanned_line(work, access.pharmacies(Act.COLLECT, clinic_id), collection_id, data.item())


@command(
    "/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/extra-scan",
    act=Act.CHECK_DONATION,
    status_code=200,
)
async def scan_extra_line(work: Work, collection_id: UUID, data: LineScanBody) -> actions.LineScanned:
    """Add a box that was in a handed-in collection though nobody had logged it, by its code."""
    return await actions.add_scanned_extra_line(work, collection_id, data.item())


ROUTES = (scan, scan_line, scan_extra_line)
