"""The main job through three processes, and through one app."""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import httpx

from deploy.client import Api, wait_until
from deploy.embedded import free_port
from shared.roles import Role
from tests.flows.walk import walk
from tests.people import Running


def test_a_donated_box_becomes_a_patients_medicine(running: Running) -> None:
    clinic = running.world.north
    walk(
        running.caller(clinic, Role.PARTNER_PHARMACIST),
        running.caller(clinic, Role.CLINIC_PHARMACIST),
        running.caller(clinic, Role.COUNTER_VOLUNTEER),
        str(clinic.pharmacies[0]),
        running.cell.settings_of("stock").clock().today(),
    )


def test_one_command_sets_up_a_whole_cell_as_one_app_and_the_same_walk_works_there() -> None:
    folder = Path(tempfile.mkdtemp(prefix="dosis-up-"))
    port = free_port()
    environment = {**os.environ, "DOSIS_HOME": str(folder / "cell"), "DOSIS_PORT": str(port)}
    dosis = str(Path(sys.executable).parent / "dosis")
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen([dosis, "up", "--demo"], env=environment, stdout=log, stderr=log)
    try:
        wait_until(lambda: "Ctrl+C" in (folder / "up.log").read_text(), "the address is printed", 120)
        url = f"http://127.0.0.1:{port}"
        assert "Σύνδεση" in httpx.get(url, trust_env=False, follow_redirects=True).text
        assert httpx.get(f"{url}/health/ready", trust_env=False).json()["ready"]
        anna, kostas, eleni = (_caller(dosis, environment, url, name) for name in ("anna", "kostas", "eleni"))
        clinic = kostas.get("stock", "")
        pharmacy = next(x for x in clinic["pharmacies"] if x["name"] == "Φαρμακείο Δοκιμής 1")
        today = kostas.get("dispense", "/pharmacy-days")["coming_days"][0]
        walk(anna, kostas, eleni, pharmacy["pharmacy_id"], date.fromisoformat(today))
        checked = subprocess.run([dosis, "check"], env=environment, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)
    assert process.returncode == 0


def _caller(dosis: str, environment: dict[str, str], url: str, name: str) -> Api:
    token = subprocess.run([dosis, "token", name], env=environment, capture_output=True, text=True, check=True)
    urls: dict[str, str] = dict.fromkeys(("stock", "donations", "dispense"), url)
    me = Api(urls, token.stdout.strip(), "")
    clinics = me.get("stock", "me")["clinics"]
    return me.at(next(clinic["clinic_id"] for clinic in clinics if "Βορρά" in clinic["name"]))
