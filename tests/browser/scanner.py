"""A hand scanner, which is a keyboard to the computer: its keys are a US keyboard's, its letters the layout's.

It goes below the page, by the browser's own protocol, so that `code`, `key`, what is typed, the side of a key and the
modifiers are all as a real keyboard sends them.
"""

import time
from typing import Literal, NamedTuple

from playwright.sync_api import CDPSession, Page

GS = "\x1d"
Layout = Literal["us", "greek"]
Separator = Literal["ctrl", "alt", "none"]
"""How a scanner sends GS: as Ctrl+], as Alt+029 on the number pad, or not at all."""
_ALT, _CTRL, _SHIFT = 1, 2, 8
_LEFT_SIDE, _NUMBER_PAD = 1, 3


class Key(NamedTuple):
    code: str
    """Which key it is, wherever its letter stands."""
    number: int
    """Its virtual key code, of Windows."""


_MODIFIERS = {
    _ALT: (Key("AltLeft", 18), "Alt"),
    _CTRL: (Key("ControlLeft", 17), "Control"),
    _SHIFT: (Key("ShiftLeft", 16), "Shift"),
}

# What each key types on a US keyboard, alone and with Shift.
_PUNCTUATION = {
    Key("Minus", 189): "-_",
    Key("Equal", 187): "=+",
    Key("BracketLeft", 219): "[{",
    Key("BracketRight", 221): "]}",
    Key("Backslash", 220): "\\|",
    Key("Semicolon", 186): ";:",
    Key("Quote", 222): "'\"",
    Key("Comma", 188): ",<",
    Key("Period", 190): ".>",
    Key("Slash", 191): "/?",
    Key("Backquote", 192): "`~",
    Key("Space", 32): "  ",
}
_DIGITS = {
    Key(f"Digit{digit}", ord(digit)): digit + above for digit, above in zip("0123456789", ")!@#$%^&*(", strict=True)
}
_LETTERS = {Key(f"Key{letter}", ord(letter)): letter.lower() + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_KEYS = {
    character: (key, above)
    for key, both in (_PUNCTUATION | _DIGITS | _LETTERS).items()
    for above, character in enumerate(both)
}

GREEK = {
    **dict(zip("qwertyuiopasdfghjklzxcvbnm", ";ςερτυθιοπασδφγηξκλζχψωβνμ", strict=True)),
    **dict(zip("QWERTYUIOPASDFGHJKLZXCVBNM", ":ΣΕΡΤΥΘΙΟΠΑΣΔΦΓΗΞΚΛΖΧΨΩΒΝΜ", strict=True)),
    # An accent that waits for its vowel: the key is told, and nothing is typed by it.
    **dict.fromkeys(";:", "Dead"),
}
"""What the Greek layout types in the place of these; digits and all other signs are the same."""


def scan(page: Page, text: str, layout: Layout = "us", separator: Separator = "ctrl", gap_ms: float = 2) -> None:
    """Type a code into whatever has the focus, and Enter after it, with so many milliseconds between two keys."""
    session = page.context.new_cdp_session(page)
    keyboard = _Keyboard(page, session, layout, gap_ms)
    for character in text:
        if character == GS:
            keyboard.separate(separator)
        else:
            keyboard.type(character)
    keyboard.press(Key("Enter", 13), "Enter", "\r")
    session.detach()


class _Keyboard:
    def __init__(self, page: Page, session: CDPSession, layout: Layout, gap_ms: float) -> None:
        self.page = page
        self.session = session
        self.layout = layout
        self.gap_ms = gap_ms
        self.held = 0
        # The page is told when a scanner would have pressed each key, however long this machine takes over it.
        self.at = time.time()

    def type(self, character: str) -> None:
        key, above = _KEYS[character]
        typed = GREEK.get(character, character) if self.layout == "greek" else character
        if above:
            self._hold(_SHIFT)
        self.press(key, typed, "" if typed == "Dead" else typed)
        if above:
            self._let_go(_SHIFT)

    def separate(self, separator: Separator) -> None:
        if separator == "ctrl":
            self._hold(_CTRL)
            self.press(Key("BracketRight", 221), "]", "")
            self._let_go(_CTRL)
        elif separator == "alt":
            self._hold(_ALT)
            for digit in "029":
                # The browser types no character of control into a field: that this was one is seen by its keys only.
                self.press(Key(f"Numpad{digit}", 96 + int(digit)), digit, "", _NUMBER_PAD)
            self._let_go(_ALT)

    def press(self, key: Key, name: str, text: str, location: int = 0) -> None:
        """Down and up; a key that types nothing has no text."""
        self._send("keyDown" if text else "rawKeyDown", key, name, location, text)
        self._send("keyUp", key, name, location)
        self.at += self.gap_ms / 1000

    def _hold(self, modifier: int) -> None:
        self.held |= modifier
        self._send("rawKeyDown", *_MODIFIERS[modifier], _LEFT_SIDE)

    def _let_go(self, modifier: int) -> None:
        self.held &= ~modifier
        self._send("keyUp", *_MODIFIERS[modifier], _LEFT_SIDE)

    def _send(self, kind: str, key: Key, name: str, location: int, text: str = "") -> None:
        event = {
            "type": kind,
            "code": key.code,
            "key": name,
            "windowsVirtualKeyCode": key.number,
            "location": location,
            "isKeypad": location == _NUMBER_PAD,
            "modifiers": self.held,
            "timestamp": self.at,
        }
        self.session.send("Input.dispatchKeyEvent", event | ({"text": text} if text else {}))
