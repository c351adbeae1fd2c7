"""Fetch what the pages stand on, and build their look: `python -m deploy.assets.build`, on a machine with npm.

Nothing of it is needed where Dosis runs: what it makes is kept in `shared/static` (and in `tests/browser/vendor` what
only tests need), and a VENDORED.md beside it records each file by package, version and hash. A package whose hash is
another than the one written here is not taken.
"""

import hashlib
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
STATIC = ROOT / "shared" / "static"
VENDOR = STATIC / "vendor"
TESTS_VENDOR = ROOT / "tests" / "browser" / "vendor"
LOOK = Path(__file__).parent / "dosis.scss"
SASS = "1.108.2"


class Package(NamedTuple):
    name: str
    version: str
    sha256: str
    """Of the package as it is published."""
    folder: Path
    """Where what is kept of it stands, in a folder of its own name."""
    files: tuple[str, ...]
    """What is kept of it as it stands."""
    made: tuple[Path, ...] = ()
    """What is made from it, or written beside it because the package lacks it."""


NHSUK_ICONS = ("arrow-down", "arrow-up", "arrow-up-down", "cross")
NHSUK = Package(
    "nhsuk-frontend",
    "10.6.1",
    "1af037bcb75237c4208809d3ac9a06522ccf61b2268221268ead3985bceb060b",
    VENDOR,
    tuple(f"dist/nhsuk/assets/images/nhsuk-icon-{name}.svg" for name in NHSUK_ICONS),
    (VENDOR / "nhsuk-frontend" / "LICENSE", STATIC / "dosis.css"),
)
HTMX = Package(
    "htmx.org",
    "4.0.1",
    "5fba65616ca148a86d377e9771bcada7f35faee3558651feb929eea425e13b3c",
    VENDOR,
    ("LICENSE", "dist/htmx.min.js"),
)
AXE = Package(
    "axe-core",
    "4.14.1",
    "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745",
    TESTS_VENDOR,
    ("LICENSE", "axe.min.js"),
)
PACKAGES = (NHSUK, HTMX, AXE)


def build() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for package in PACKAGES:
            unpacked = folder / "node_modules" / package.name
            _unpack(package, folder, unpacked)
            _keep(package, unpacked)
        _build_look(folder)
    for package in PACKAGES:
        _record(package)


def _unpack(package: Package, folder: Path, to: Path) -> None:
    _npm(folder, "pack", "--silent", f"{package.name}@{package.version}")
    [packed] = folder.glob(f"{package.name}-*.tgz")
    found = _digest(packed)
    if found != package.sha256:
        raise SystemExit(f"{package.name} {package.version} has the hash {found}, not {package.sha256}.")
    with tarfile.open(packed) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    to.parent.mkdir(parents=True, exist_ok=True)
    (folder / "unpacked" / "package").rename(to)


def _keep(package: Package, unpacked: Path) -> None:
    for name in package.files:
        kept = _kept(package, name)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes((unpacked / name).read_bytes())


def _build_look(folder: Path) -> None:
    _npm(folder, "install", "--no-save", "--ignore-scripts", "--prefix", str(folder / "sass"), f"sass@{SASS}")
    sass = folder / "sass" / "node_modules" / ".bin" / "sass"
    options = (f"--load-path={folder / 'node_modules'}", "--style=compressed", "--no-source-map", "--quiet-deps")
    subprocess.run([sass, *options, LOOK, STATIC / "dosis.css"], check=True)


def _record(package: Package) -> None:
    """Write the rows of one package anew, and leave whatever else the record says."""
    record = package.folder / "VENDORED.md"
    lines = [line for line in record.read_text().splitlines() if not line.startswith(f"| {package.name} |")]
    kept = [*(_kept(package, name) for name in package.files), *package.made]
    names = sorted((os.path.relpath(file, package.folder), file) for file in kept)
    rows = [f"| {package.name} | {package.version} | {name} | {_digest(file)} |" for name, file in names]
    start = lines.index("|---|---|---|---|") + 1
    end = next((at for at in range(start, len(lines)) if not lines[at].startswith("|")), len(lines))
    lines[start:end] = sorted([*lines[start:end], *rows])
    record.write_text("\n".join(lines) + "\n")


def _kept(package: Package, name: str) -> Path:
    return package.folder / package.name / Path(name).name


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _npm(folder: Path, *arguments: str) -> None:
    subprocess.run(["npm", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    build()
