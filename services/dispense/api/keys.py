"""The clinics' keys, where a handler needs them."""

import functools
from pathlib import Path

from services.dispense.sealing import ClinicKeys
from shared.runtime import Runtime


@functools.cache
def _keys_in(folder: Path) -> ClinicKeys:
    return ClinicKeys(folder)


def keys_of(runtime: Runtime) -> ClinicKeys:
    folder = runtime.settings.clinic_keys_path
    assert folder is not None, "dispense has the clinics' keys"
    return _keys_in(folder)
