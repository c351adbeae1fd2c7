"""A small but whole story of two clinics, looked at again and again while it happens.

A box is donated, units are reserved, given, taken back and released, lots are held and put right, units travel from
north to south, and the registry changes.
"""

import random
from datetime import timedelta
from uuid import UUID

from services.dispense.actions import calendar, counter, day, patients
from services.dispense.rules import TimesADay
from services.dispense.sealing import ClinicKeys
from services.donations.actions import checking
from services.donations.actions import collecting as donations
from services.donations.rules import Storage
from services.donations.scanning.actions import add_scanned_line
from services.donations.scanning.deciding import ScannedItem
from services.stock.actions import gtins, lots, transfer
from services.stock.catalogue import actions as catalogue
from services.stock.registry import actions as registry
from services.stock.registry import sign_in
from services.stock.rules.ledger import Account
from shared.catalogue import product_id_for
from shared.events.stock import AgreedLine
from shared.policies import SourceKind
from shared.roles import Role
from tests.check.telling import Story
from tests.people import World

AMLODIPINE = product_id_for("eof:2043001")
LEVOTHYROXINE = product_id_for("dosis:t4-0.1")
ATORVASTATIN = product_id_for("dosis:lipitor-20")
A_GTIN, ANOTHER_GTIN = "05290000000017", "05290000000024"


async def tell(world: World, *, any_order: int) -> Story:
    """The whole story; the number says in which order events arrive."""
    chapters = (_donated, _pharmacy_day, _held, _walk_in, _day_closed, _tomorrow, _transfers, _numbers, _registry)
    async with Story(world=world, any_order=random.Random(any_order)).connected() as story:
        for chapter in chapters:
            await chapter(story)
    return story


Donated = tuple[UUID, str | None, int, int]
"""A product, its batch, the days until it expires, and units."""


async def handed_in(story: Story, *items: Donated) -> tuple[UUID, list[UUID]]:
    """A box with these lines, at the clinic and not checked: the ids of the collection and the lines."""
    partner = story.work("donations", role=Role.PARTNER_PHARMACIST)
    collection_id = (await donations.open_collection(partner, None, story.world.north.pharmacies[0])).collection_id
    line_ids: list[UUID] = []
    for product_id, batch, days, units in items:
        item = donations.DonatedItem(
            product_id=product_id,
            code=None,
            batch=batch,
            expires_on=story.today + timedelta(days=days),
            opened=False,
            units=units,
            source_kind=SourceKind.PERSON,
            source_name=None,
            storage=Storage.ROOM,
        )
        line_ids.append((await donations.add_line(partner, None, collection_id, item)).line_id)
    await donations.hand_in_collection(partner, None, collection_id)
    return collection_id, line_ids


async def _donated(story: Story) -> None:
    collection_id, line_ids = await handed_in(
        story,
        (AMLODIPINE, "A1", 400, 90),
        (AMLODIPINE, None, 300, 30),
        (LEVOTHYROXINE, "L1", 500, 90),
        (ATORVASTATIN, "T1", 500, 100),
        (ATORVASTATIN, "T2", 600, 10),
    )
    work = story.work("donations")
    accept, hold = checking.Check(outcome="accept"), checking.Check(outcome="hold", reason_text="The box is wet.")
    await story.then(
        *(checking.check_line(work, collection_id, line_id, accept) for line_id in line_ids[:-1]),
        checking.check_line(work, collection_id, line_ids[-1], hold),
    )


async def patient(story: Story, *product_ids: UUID) -> UUID:
    """Somebody who takes one unit a day of each product, from today on."""
    keys = ClinicKeys(story.world.cell.clinic_keys)
    work = story.work("dispense")
    person = patients.Person(
        alias="Demo Patient",
        age_band=patients.AgeBand.ADULT,
        language="el",
        contact=None,
        allergies=(),
        cycle_days=28,
    )
    patient_id = (await patients.register_patient(work, keys, person)).patient_id
    for product_id in product_ids:
        line = patients.NewLine(
            product_id=product_id,
            only_this_product=False,
            per_intake="1",
            schedule=TimesADay(times=1),
            starts_on=story.today,
            until_on=None,
            prescribed_by=None,
        )
        await patients.plan_therapy(work, keys, patient_id, line)
    return patient_id


VISIT_OF = "SELECT visit_id FROM visit JOIN pharmacy_day USING (day_id) WHERE patient_id = $1 AND day_on = $2"
LINES_OF = "SELECT line_id FROM visit_line WHERE visit_id = $1 ORDER BY line_id"


async def _pharmacy_day(story: Story) -> None:
    """Two come: one is given in part, and all of it, which is taken back, and given again."""
    work = story.work("dispense")
    await calendar.set_weekdays(work, [1, 2, 3, 4, 5, 6, 7])
    first = await patient(story, AMLODIPINE, LEVOTHYROXINE)
    await patient(story, AMLODIPINE)
    await patient(story, AMLODIPINE, ATORVASTATIN)
    await story.then(day.prepare_pharmacy_day(work, story.today))
    visit_id = await story.value("dispense", VISIT_OF, first, story.today)
    line_id = await story.value("dispense", LINES_OF, visit_id)
    await story.then(
        counter.give(work, visit_id, {line_id: 10}),
        counter.give(work, visit_id, None),
        counter.undo_last(work, visit_id),
    )
    await story.then(counter.give(work, visit_id, {line_id: 5}))


LOT_OF = "SELECT lot_id FROM lot WHERE product_id = $1 AND clinic_id = $2 ORDER BY lot_id"


async def _held(story: Story) -> None:
    """One lot is held while units of it are reserved; one is put right; some units are lost."""
    work = story.work("stock")
    atorvastatin = await story.value("stock", LOT_OF, ATORVASTATIN, story.world.north.clinic_id)
    levothyroxine = await story.value("stock", LOT_OF, LEVOTHYROXINE, story.world.north.clinic_id)
    expires_on = story.today + timedelta(days=450)
    await story.then(
        lots.hold_lot(work, atorvastatin, "recall by EOF"),
        lots.correct_lot(work, levothyroxine, 20, "L2", expires_on, opened=False, reason="misread"),
        lots.write_off_units(work, levothyroxine, 2, Account.SHELF, Account.LOST, "dropped"),
    )
    await story.then(
        lots.lift_hold(work, atorvastatin, "a mistake"),
        lots.hold_lot(work, levothyroxine, "the box is wet"),
    )


async def _walk_in(story: Story) -> None:
    """Nobody waits for the answer to the first, and the lot of the second is held before it is answered."""
    work = story.work("dispense")
    for abandons in (True, False):
        patient_id = await patient(story, AMLODIPINE)
        await counter.open_walk_in(work, patient_id)
        await story.look()
        for raw in await story.unread("stock"):
            await story.take_in("stock", raw)
        if abandons:
            visit_id = await story.value("dispense", VISIT_OF, patient_id, story.today)
            await counter.abandon_walk_in(work, visit_id)
        await story.carry()


async def _day_closed(story: Story) -> None:
    """The last walk-in asks as the day is closed, so that what stock sets apart is sent back unseen."""
    work = story.work("dispense")
    await patient(story, ATORVASTATIN)
    await story.then(
        day.prepare_pharmacy_day(work, story.today),
        day.close_pharmacy_day(work, story.today),
    )


async def _tomorrow(story: Story) -> None:
    """What is reserved for tomorrow stays open to the end of the story."""
    await story.then(day.prepare_pharmacy_day(story.work("dispense"), story.today + timedelta(days=1)))
    lot_id = await story.value("stock", LOT_OF, AMLODIPINE, story.world.north.clinic_id)
    await story.then(lots.place_lot(story.work("stock"), lot_id, "shelf 3"))


async def _transfers(story: Story) -> None:
    """One unit is missing on arrival; another time one too many is found; a third time all is declined."""
    north, south = story.world.north, story.world.south
    for counted, outcome in ((9, None), (9, "returned"), (11, None)):
        transfer_id = await _requested(story, 10)
        agreed = [AgreedLine(line_number=1, units=10)]
        await story.then(transfer.agree_transfer(story.work("stock", north), transfer_id, agreed))
        await story.then(transfer.ship_transfer(story.work("stock", north), transfer_id))
        counts = [transfer.CountedLot(lot_number=1, units=counted)]
        await story.then(transfer.receive_transfer(story.work("stock", south), transfer_id, counts))
        if outcome:
            settled = transfer.settle_transfer(story.work("stock", north), transfer_id, "returned", "under the seat")
            await story.then(settled)
    await _requested(story, 3)
    declined, agreed_only = await _requested(story, 5), await _requested(story, 4)
    agreements = ((declined, 5), (agreed_only, 2))
    await story.then(
        *(
            transfer.agree_transfer(story.work("stock", north), id_, [AgreedLine(line_number=1, units=units)])
            for id_, units in agreements
        ),
        transfer.decline_transfer(story.work("stock", north), declined, "needed here"),
    )


async def _requested(story: Story, units: int) -> UUID:
    south = story.work("stock", story.world.south)
    wanted = [transfer.WantedLine(product_id=ATORVASTATIN, units=units)]
    asked = await transfer.request_transfer(south, story.world.north.clinic_id, wanted, None)
    await story.carry()
    return asked.transfer_id


DELEGATION = "SELECT delegation_id FROM delegation WHERE clinic_id = $1 AND role = 'auditor'"


async def _numbers(story: Story) -> None:
    """A box is scanned whose number nobody knew; a pharmacist confirms one binding and refuses another."""
    partner, work = story.work("donations", role=Role.PARTNER_PHARMACIST), story.work("stock")
    collection_id = (await donations.open_collection(partner, None, story.world.north.pharmacies[0])).collection_id
    scanned = ScannedItem(
        text=f"01{A_GTIN}17{story.today.year % 100 + 3}0600" + "10S1\x1d21SERIAL1",
        source_kind=SourceKind.PERSON,
        product_id=AMLODIPINE,
        units_per_pack=30,
    )
    await story.then(add_scanned_line(partner, None, collection_id, scanned))
    await story.then(gtins.learn_gtin(work, ANOTHER_GTIN, LEVOTHYROXINE, None))
    await story.then(
        gtins.judge_gtin(work, A_GTIN, "confirm", None, None, None),
        gtins.judge_gtin(work, ANOTHER_GTIN, "refuse", None, None, "It is another strength."),
    )


async def _registry(story: Story) -> None:
    north = story.world.north
    work = story.work("stock")
    delegation_id = await story.value("stock", DELEGATION, north.clinic_id)
    signed_in = await sign_in.make_token(
        work, north.people[Role.SECRETARY], "demo", story.world.cell.signing_key.read_text()
    )
    await story.then(
        registry.set_policy(work, "supply_days_usual", 21, north.decision_id),
        registry.end_delegation(work, delegation_id),
        sign_in.end_session(story.work("stock", role=Role.SECRETARY), signed_in.session_id),
        registry.set_pharmacy(work, north.pharmacies[1], "Demo pharmacy renamed", story.today, None),
        catalogue.judge_product(
            work, LEVOTHYROXINE, controlled=True, substitution_group=None, reason="we keep it locked"
        ),
    )
