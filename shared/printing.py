"""Paper: PDF pages from typst templates, and the codes on them. Nothing is fetched, the fonts come with typst."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import segno
import typst

ROOT = Path(__file__).parent.parent
"""Templates name one another from here: `/shared/templates/print.typ`."""


async def pdf(template: Path, title: str, data: dict[str, Any]) -> bytes:
    """The PDF of a template, which finds `data` as JSON in `sys.inputs.data`. In a thread: it takes some 0.1 s."""
    told = {"data": msgspec.json.encode({**data, "title": title}).decode()}
    return await asyncio.to_thread(typst.compile, template, root=ROOT, sys_inputs=told)


def qr_svg(text: str) -> str:
    """A QR code (ISO/IEC 18004) as SVG, for a template's `image(bytes(…))`."""
    return segno.make_qr(text, error="m").svg_inline(border=0)
