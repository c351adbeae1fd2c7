"""Story 6: clinics say what they can spare; one asks, the other agrees in part and ships, and one unit is missing."""

from datetime import timedelta
from typing import Any

from deploy.client import wait_until
from deploy.demo.people import NORTH, SOUTH
from deploy.demo.stage import Stage, require

SPARED_LOTS = 5
LEAST_SPARED_DAYS = 30


def spare(stage: Stage) -> dict[str, Any]:
    """Each clinic tells the other what it has most of, or what will expire before it can use it."""
    told: dict[str, int] = {}
    for who, other in (("nikos", "thanos"), ("thanos", "nikos")):
        least_on = str(stage.today + timedelta(days=LEAST_SPARED_DAYS))
        there = [x for x in stage.lots(who) if x["shelf"] and not x["held_at"] and x["expires_on"] >= least_on]
        most = sorted(there, key=lambda lot: -lot["shelf"])[:SPARED_LOTS]
        soonest = [lot for lot in there if lot not in most][:SPARED_LOTS]
        for lot in (*most, *soonest):
            stage.callers[who].do("stock", f"/lots/{lot['lot_id']}/offer-surplus", {"units": lot["shelf"]})
        told[who] = len(most) + len(soonest)
        wait_until(lambda o=other, n=told[who]: _heard(stage, o) == n, f"{other}'s clinic hears what can be spared", 30)
    return {"lots_that_others_may_have": sum(told.values())}


def _heard(stage: Stage, who: str) -> int:
    number: int = stage.callers[who].get("stock", "/neighbours/surplus")["number"]
    return number


def ask(stage: Stage) -> None:
    """Each clinic asks the other for something that it has said it can spare; nobody has answered yet."""
    for who, clinic in (("thanos", NORTH), ("nikos", SOUTH)):
        caller = stage.callers[who]
        theirs = caller.get("stock", "/neighbours/surplus")["surplus"]
        wanted = next(each for each in theirs if each["product_id"])
        line = {"product_id": wanted["product_id"], "units": min(wanted["units"], 28)}
        body = {"from_clinic_id": str(stage.places[clinic].clinic_id), "lines": [line], "note": "Για δύο ασθενείς μας"}
        caller.do("stock", "/transfers", body)


def transfer(stage: Stage) -> dict[str, Any]:
    """Both ledgers tell the same story, and the missing unit waits for people."""
    asking, sending = stage.callers["thanos"], stage.callers["nikos"]
    lot = max((x for x in stage.lots("nikos") if not x["held_at"]), key=lambda lot: lot["shelf"])
    agreed = lot["shelf"] - 1
    north_id = str(stage.places[NORTH].clinic_id)
    wait_until(
        lambda: any(x["clinic_id"] == north_id for x in asking.get("stock", "/neighbours")["clinics"]),
        "the clinics have heard of one another",
    )
    body = {"from_clinic_id": north_id, "lines": [{"product_id": lot["product_id"], "units": lot["shelf"] + 10}]}
    transfer_id = asking.do("stock", "/transfers", body)["transfer_id"]
    path = f"/transfers/{transfer_id}"
    _wait(stage, "nikos", path, "requested")
    sending.do(
        "stock",
        f"{path}/agree",
        {"lines": [{"line_number": 1, "units": agreed, "reason": "Τα υπόλοιπα τα χρειαζόμαστε"}]},
    )
    _wait(stage, "thanos", path, "agreed")
    sending.do("stock", f"{path}/ship")
    arriving = _wait(stage, "thanos", path, "shipped")["lots"]
    counts = [{"lot_number": x["lot_number"], "units": x["shipped_units"]} for x in arriving]
    counts[0]["units"] -= 1
    asking.do("stock", f"{path}/receive", {"lots": counts})
    spared = {x["lot_id"]: x["units"] for x in sending.get("stock", "/surplus", most=500)["surplus"]}
    require(
        all(spared.get(x["lot_id"], 0) <= x["shelf"] for x in stage.lots("nikos")), "no more is spared than is there"
    )
    ours = _wait(stage, "nikos", path, "received")
    theirs = _wait(stage, "thanos", path, "received")
    told = [
        (x["lot_number"], x["shipped_units"], x["counted_units"], x["batch"], x["expires_on"]) for x in ours["lots"]
    ]
    heard = [
        (x["lot_number"], x["shipped_units"], x["counted_units"], x["batch"], x["expires_on"]) for x in theirs["lots"]
    ]
    require(told == heard, "both sides tell the same story")
    in_transit = sum(x["in_transit"] for x in stage.lots("nikos"))
    require(in_transit == 1, f"one unit waits in transit, not {in_transit}")
    return {"asked": lot["shelf"] + 10, "agreed": agreed, "received": agreed - 1, "waiting_for_people": in_transit}


def _wait(stage: Stage, who: str, path: str, state: str) -> dict[str, Any]:
    caller = stage.callers[who]

    def reached() -> dict[str, Any] | None:
        rows = caller.get("stock", "/transfers")["transfers"]
        if not any(path.endswith(row["transfer_id"]) and row["state"] == state for row in rows):
            return None
        found: dict[str, Any] = caller.get("stock", path)
        return found

    found: dict[str, Any] = wait_until(reached, f"the transfer is {state} at {who}'s clinic", 30)
    return found
