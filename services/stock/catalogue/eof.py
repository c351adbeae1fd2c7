"""The EOF code inside a Greek pack's EAN-13: 280, nine digits, and the check digit."""

PREFIX = "280"
_PRODUCT_DIGITS = 7


def eof_code_of(barcode: str) -> str:
    """Give the nine digits, or nothing where the barcode is no Greek one. Some begin with 0."""
    return barcode[3:12] if barcode.startswith(PREFIX) else ""


def product_key(eof_code: str) -> str:
    """Give the source key that every Greek source shares: the last two digits are the pack, the others the product."""
    return f"eof:{eof_code[:_PRODUCT_DIGITS]}"
