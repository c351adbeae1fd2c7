"""Story 6: a second clinic asks, the first agrees in part and ships, the second counts one fewer."""

from typing import Any

from deploy.client import wait_until
from deploy.demo.people import NORTH
from deploy.demo.stage import Stage, require


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
