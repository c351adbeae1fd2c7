"""Stories 4 and 5: patients, pharmacy days, and a counter that goes on with stock and NATS killed."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from deploy.client import ApiRefused, wait_until
from deploy.demo.boxes import therapy_line
from deploy.demo.stage import Stage, require


def set_calendar(stage: Stage) -> None:
    """Two weekdays: today's, and the one three days on."""
    weekday = stage.today.isoweekday()
    weekdays = sorted({weekday, (weekday + 2) % 7 + 1})
    stage.callers["maria"].do("dispense", "/pharmacy-weekdays", {"weekdays": weekdays})


def register_patients(stage: Stage, first: int, patients: int) -> None:
    """Invented people with two to four lines each."""
    secretary, pharmacist = stage.callers["maria"], stage.callers["kostas"]
    for number in range(first, first + patients):
        body = {"alias": f"Δοκιμαστικός Ασθενής {number}", "language": stage.random.choice(("el", "en", "ar"))}
        patient_id = secretary.do("dispense", "/patients", body)["patient_id"]
        for product in stage.random.sample(stage.common, stage.random.randint(2, 4)):
            path = f"/patients/{patient_id}/therapy-lines"
            pharmacist.do("dispense", path, therapy_line(stage.random, product, stage.today))
        seen = secretary.get("dispense", f"/patients/{patient_id}")
        stage.cards[patient_id] = seen["identity"]["card_code"]


def prepare_day(stage: Stage, day_on: date) -> dict[str, Any]:
    """Everything is reserved lot by lot, shortages first; preparing twice changes nothing."""
    pharmacist = stage.callers["kostas"]
    expected = pharmacist.get("dispense", f"/pharmacy-days/{day_on}/expected")["patients"]
    first = pharmacist.do("dispense", f"/pharmacy-days/{day_on}/prepare")
    view = stage.wait_for_answers("kostas", day_on)
    again = pharmacist.do("dispense", f"/pharmacy-days/{day_on}/prepare")
    require(again["added_lines"] == again["dropped_lines"] == 0, "preparing twice adds and drops nothing")
    view = stage.wait_for_answers("kostas", day_on)
    short = [line["short_units"] > 0 for line in view["lines"]]
    require(short == sorted(short, reverse=True), "shortages come first")
    return {
        "day": str(day_on),
        "expected": len(expected),
        "lines": first["added_lines"],
        "reserved_units": sum(line["reserved_units"] for line in view["lines"]),
        "short_lines": sum(short),
    }


def hold_a_reserved_lot(stage: Stage, day_on: date) -> dict[str, Any]:
    """A lot held while it is reserved is given no more."""
    lots = [lot for lot in stage.lots("kostas") if lot["reserved"] > 0]
    lot = max(lots, key=lambda lot: lot["reserved"])
    before = sum(line["reserved_units"] for line in stage.day("kostas", day_on)["lines"])
    stage.callers["kostas"].do("stock", f"/lots/{lot['lot_id']}/hold", {"reason": "Δοκιμαστική ανάκληση"})
    left = before - lot["reserved"]

    def stopped() -> bool:
        return sum(line["reserved_units"] for line in stage.day("kostas", day_on)["lines"]) == left

    wait_until(stopped, "dispense stops giving a held lot")

    def back() -> bool:
        now = stage.callers["kostas"].get("stock", f"/lots/{lot['lot_id']}")["lot"]
        return bool(now["reserved"] == 0 and now["shelf"] == 0)

    wait_until(back, "what was reserved of it is in quarantine")
    return {"lot_id": lot["lot_id"], "units_stopped": lot["reserved"]}


def serve(stage: Stage, day_on: date, visits: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The counter: most are given all, some a part, some do not come, one is undone and given again."""
    counter = stage.callers["eleni"]
    counts = {"given": 0, "in_part": 0, "not_come": 0, "nothing_reserved": 0, "units": 0}
    for visit in visits:
        seen = counter.ask("dispense", "/visits/find", {"card_code": stage.cards[visit["patient_id"]]})
        path = f"/visits/{visit['visit_id']}"
        chance = stage.random.random()
        lines = [line for line in seen["lines"] if line["reserved_units"] > 0]
        if chance < 0.1:
            counter.do("dispense", f"{path}/not-come")
            counts["not_come"] += 1
            continue
        if not lines:
            _refused_for(lambda p=path: counter.do("dispense", f"{p}/give", {}), "nothing-to-give")
            counts["nothing_reserved"] += 1
            continue
        part = chance < 0.25 and lines[0]["reserved_units"] > 1
        wanted = [{"line_id": x["line_id"], "units": x["reserved_units"] - (1 if part else 0)} for x in lines[:1]]
        given = counter.do("dispense", f"{path}/give", {"lines": wanted} if part else {})
        if chance > 0.95:
            counter.do("dispense", f"{path}/undo")
            given = counter.do("dispense", f"{path}/give", {})
        counts["in_part" if part else "given"] += 1
        counts["units"] += sum(row["units"] for row in given["given"])
    return counts


def _refused_for(command: Callable[[], Any], code: str) -> None:
    try:
        command()
    except ApiRefused as refusal:
        require(refusal.code == code, f"refused as {refusal.code}, not as {code}")
    else:
        require(False, f"it should have been refused as {code}")


def hold_a_given_lot(stage: Stage) -> dict[str, Any]:
    """What was given of a lot before it was held is listed: call these patients."""
    lot = max(stage.lots("kostas"), key=lambda lot: (lot["held_at"] is None, lot["dispensed"]))
    stage.callers["kostas"].do("stock", f"/lots/{lot['lot_id']}/hold", {"reason": "Δοκιμαστική ανάκληση, αργά"})

    def listed() -> list[dict[str, Any]]:
        rows = stage.callers["kostas"].get("dispense", "/call-backs")["call_backs"]
        return [row for row in rows if row["lot_id"] == lot["lot_id"]]

    rows = wait_until(listed, "who was given of the held lot is listed")
    require(sum(row["units"] for row in rows) == lot["dispensed"], "every unit given of it is listed")
    return {"patients_to_call": len({row["patient_id"] for row in rows}), "units": lot["dispensed"]}


def close_day(stage: Stage, day_on: date) -> dict[str, Any]:
    """Closing sends back what wasn't given; then nothing is reserved any more."""
    ended = stage.callers["eleni"].do("dispense", f"/pharmacy-days/{day_on}/close")
    wait_until(lambda: sum(lot["reserved"] for lot in stage.lots("kostas")) == 0, "all is back", 40)
    return {"released_units": ended["released_units"]}


def first_day(stage: Stage) -> dict[str, Any]:
    """A day with everything up; one lot is held before it is given, one afterwards."""
    day_on = stage.next_pharmacy_day("kostas")
    facts: dict[str, Any] = {"prepared": prepare_day(stage, day_on)}
    facts["held_while_reserved"] = hold_a_reserved_lot(stage, day_on)
    facts["served"] = serve(stage, day_on, stage.day("kostas", day_on)["visits"])
    facts["closed"] = close_day(stage, day_on)
    facts["held_after_giving"] = hold_a_given_lot(stage)
    owed = stage.callers["kostas"].get("dispense", "/owed")["owed"]
    return {**facts, "owed_lines": len(owed)}


def second_day(stage: Stage) -> dict[str, Any]:
    """In the middle of the day NATS and the stock service are killed; the counter goes on."""
    days = stage.callers["kostas"].get("dispense", "/pharmacy-days")["coming_days"]
    day_on = date.fromisoformat(next(day for day in days if date.fromisoformat(day) > stage.today))
    stage.move_to(day_on)
    facts: dict[str, Any] = {"prepared": prepare_day(stage, day_on)}
    visits = stage.day("kostas", day_on)["visits"]
    half = len(visits) // 2
    facts["served_before"] = serve(stage, day_on, visits[:half])
    stage.cell.nats.kill()
    stage.processes["stock"].kill()
    facts["served_with_stock_and_nats_killed"] = serve(stage, day_on, visits[half:])
    units = facts["served_with_stock_and_nats_killed"]["units"]
    require(units > 0, "the counter gave units with stock and NATS killed")
    stage.cell.nats.start()
    stage.processes["stock"].start()
    facts["closed"] = close_day(stage, day_on)
    return facts
