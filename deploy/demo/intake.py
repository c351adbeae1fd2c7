"""Stories 1 to 3: boxes are logged and handed in, checked, and stand in stock."""

from datetime import timedelta
from typing import Any

from deploy.client import wait_until
from deploy.demo.boxes import box
from deploy.demo.people import NORTH, SOUTH
from deploy.demo.stage import Stage, require

PARTNERS = (
    ("anna", NORTH, "Φαρμακείο Δοκιμής 1"),
    ("petros", NORTH, "Φαρμακείο Δοκιμής 2"),
    ("vasso", SOUTH, "Φαρμακείο Δοκιμής 3"),
)


def log_boxes(stage: Stage, collections: int, lines: int) -> dict[str, Any]:
    """Each partner pharmacy logs boxes and hands them in; what isn't accepted is refused at once."""
    refused: dict[str, int] = {}
    logged = 0
    for who, clinic, pharmacy in PARTNERS:
        caller = stage.callers[who]
        pharmacy_id = str(stage.places[clinic].pharmacies[pharmacy])
        for _ in range(collections):
            opened = caller.do("donations", "/collections", {"pharmacy_id": pharmacy_id})
            path = f"/collections/{opened['collection_id']}"
            for _ in range(lines):
                line = caller.do(
                    "donations", f"{path}/lines", box(stage.random, stage.products, stage.common, stage.today)
                )
                logged += 1
                if line["state"] == "refused":
                    refused[line["reason"]] = refused.get(line["reason"], 0) + 1
            caller.do("donations", f"{path}/hand-in")
    require(logged == 3 * collections * lines, "every box was logged")
    require(refused.get("expired"), "expired boxes were refused at once")
    return {"boxes": logged, "refused": refused}


def check_boxes(stage: Stage) -> dict[str, Any]:
    """The clinics' pharmacists check every line; accepted units are on the shelf."""
    outcomes: dict[str, int] = {}
    units = {"kostas": 0, "dimitra": 0}
    for who in units:
        caller = stage.callers[who]
        for row in caller.get("donations", "/collections", collection_state="handed_in", most=500)["collections"]:
            path = f"/collections/{row['collection_id']}"
            for line in caller.get("donations", path)["lines"]:
                check = _check(stage, line)
                if check is None:
                    continue
                done = caller.do("donations", f"{path}/lines/{line['line_id']}/check", check)
                outcomes[done["state"]] = outcomes.get(done["state"], 0) + 1
                if done["state"] == "accepted":
                    units[who] += check.get("units", line["units"])
    for who, accepted in units.items():
        wait_until(lambda w=who, n=accepted: stage.shelf_units(w) == n, f"{accepted} units on the shelf", 30)
    return {"outcomes": outcomes, "units_on_the_shelf": sum(units.values())}


def _check(stage: Stage, line: dict[str, Any]) -> dict[str, Any] | None:
    """None: it was refused at the counter, and stays so, but for what a plan can use in the time that it has left."""
    chance = stage.random.random()
    if line["state"] == "refused":
        needed = line["reason"] == "life_too_short" and chance < 0.7
        return {"outcome": "accept", "needed_soon": True} if needed else None
    if chance < 0.03:
        return {"outcome": "hold", "reason": "Η συσκευασία είναι φθαρμένη"}
    if chance < 0.06:
        return {"outcome": "refuse", "reason": "Κυψέλες με τρύπες"}
    if chance < 0.08:
        return {"outcome": "missing"}
    if chance < 0.12 and line["units"] > 2:
        return {"outcome": "accept", "units": line["units"] - 1, "reason": "Μία λιγότερη στην καταμέτρηση"}
    return {"outcome": "accept"}


def look_at_stock(stage: Stage) -> dict[str, Any]:
    """What expires first stands on top; each number is the sum of its movements; each lot left out has a reason."""
    lots = stage.lots("kostas")
    require([x["expires_on"] for x in lots] == sorted(x["expires_on"] for x in lots), "first to expire on top")
    caller = stage.callers["kostas"]
    life = caller.get("stock", f"/lots/{lots[0]['lot_id']}")
    came_in = sum(x["units"] for x in life["movements"] if x["from_account"] == "donated")
    require(came_in == life["lot"]["shelf"], "the movements make the present number")
    product_id = max({lot["product_id"] for lot in lots}, key=lambda x: sum(lot["product_id"] == x for lot in lots))
    through = stage.today + timedelta(days=13)
    told = caller.get(
        "stock",
        f"/products/{product_id}/would-give",
        from_on=str(stage.today),
        through_on=str(through),
        per_day=1,
    )
    reasons = {x["reason"] for x in told["not_offered"]}
    require(told["would_give"], "some lot would be given")
    require(reasons, "each lot that would not be given says why")
    return {"lots": len(lots), "would_give": len(told["would_give"]), "reasons": sorted(reasons)}
