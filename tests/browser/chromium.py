"""Which Chromium the tests drive: the one that is named or installed here, else Playwright's own."""

import os
import shutil
import subprocess
import sys

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def installed_chromium() -> str | None:
    """DOSIS_CHROMIUM, or what is found on the PATH; None: Playwright's own, if it was installed."""
    return os.environ.get("DOSIS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


if __name__ == "__main__" and installed_chromium() is None:
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
