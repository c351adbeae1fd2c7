"""What would keep somebody from using a page, as far as a program can tell: axe-core's rules up to WCAG 2.2 AA.

What it can't tell: whether a name is the right one, and whether a sequence makes sense. People look at that.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

# By the page's path and the rule: why it stays.
EXCEPTIONS: dict[tuple[str, str], str] = {}


def violations(page: Page) -> list[str]:
    """Each place where a rule is broken, in one line; places that EXCEPTIONS name are left out."""
    path = urlsplit(page.url).path
    broken = [rule for rule in _run(page)["violations"] if (path, rule["id"]) not in EXCEPTIONS]
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {' '.join(map(str, node['target']))} {node['html'][:120]}"
        for rule in broken
        for node in rule["nodes"]
    ]


def _run(page: Page) -> dict[str, Any]:
    # Past the page's own policy, which lets no script in that isn't served as a file.
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text()})
    options = json.dumps({"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]})
    run = {"expression": f"axe.run(document, {options})", "awaitPromise": True, "returnByValue": True}
    answer = session.send("Runtime.evaluate", run)
    session.detach()
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    found: dict[str, Any] = answer["result"]["value"]
    return found
