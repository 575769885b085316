"""Regular expressions of other dialects, respelled for the two engines that run them here.

Contracts hold patterns of Java, Ruby, JavaScript, .NET, Rust and Python; the reference implementation reads them all
with Oniguruma, and so what Oniguruma means is what counts. A pattern is read once, from left to right, and written
twice: for RE2 and for `regex`. `\\d`, `\\w` and `\\s` are those of Unicode, but RE2 knows ASCII only, and spelling
Unicode out makes patterns of thousands of states. So for RE2 they are written wide: as in ASCII, and any character
beyond it. What RE2 then refuses is refused; what it lets through is settled for texts within ASCII, and `regex` settles
the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Reading(IntEnum):
    """What RE2's verdict on a pattern is worth."""

    SAME = 0  # right for every text
    WIDE = 1  # right for texts within ASCII; of others, it lets through too many but none too few
    ASCII = 2  # right for texts within ASCII, worth nothing for others: `\\b`
    OTHER = 3  # worth nothing: sets within sets, `&&` in sets


@dataclass(frozen=True, slots=True)
class Respelled:
    """A pattern for both engines. `has_set_operations` asks for the newer of `regex`'s two behaviours."""

    re2: str
    regex: str
    reading: Reading

    @property
    def has_set_operations(self) -> bool:
        """Whether sets stand within sets or are intersected."""
        return self.reading is Reading.OTHER


def respell(source: str) -> Respelled:
    """Respell one pattern. Total: whatever is not understood is passed on for the engines to refuse."""
    return _Speller(source).respelled()


_MEMBERS = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t-\r "}
_OTHERS = {"d": r"\x00-/:-\x7f", "w": r"\x00-/:-@\[-^`{-\x7f", "s": r"\x00-\x08\x0e-\x1f!-\x7f"}
_BEYOND = r"\x{80}-\x{10FFFF}"
_BACK_REFERENCE = re.compile(r"\\k(?:<(\w+)>|'(\w+)'|\{(\w+)\})")
_QUOTED_GROUP = re.compile(r"\(\?'(\w+)'")
_UP_TO = re.compile(r"\{,(\d+)\}")
_CODE_POINT = re.compile(r"\\u(?:([0-9A-Fa-f]{4})|\{([0-9A-Fa-f]{1,6})\})")
_CONTROL = re.compile(r"\\c([A-Za-z])")
_LITERAL = re.compile(r"\\Q(.*?)(?:\\E|\Z)", re.DOTALL)
_POSIX_CLASS = re.compile(r"\[:\^?\w+:\]")


class _Speller:
    """One pass over a pattern."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._in_set = False
        self._negated = False
        self._re2 = ["(?m)"]  # as in Oniguruma, ^ and $ also stand at line breaks
        self._regex: list[str] = []
        self._reading = Reading.SAME

    def respelled(self) -> Respelled:
        source = self._source
        while self._at < len(source):
            char = source[self._at]
            if char == "\\":
                self._escape()
            elif self._in_set:
                self._set_member(char)
            elif char == "[":
                self._open_set()
            elif not (
                (char == "(" and self._replace(_QUOTED_GROUP, lambda found: f"(?P<{found[1]}>"))
                or (char == "{" and self._replace(_UP_TO, lambda found: f"{{0,{found[1]}}}"))
            ):
                self._copy(1)
        return Respelled("".join(self._re2), "".join(self._regex), self._reading)

    def _write(self, for_re2: str, for_regex: str | None = None) -> None:
        self._re2.append(for_re2)
        self._regex.append(for_re2 if for_regex is None else for_regex)

    def _copy(self, length: int) -> None:
        self._write(self._source[self._at : self._at + length])
        self._at += length

    def _replace(self, pattern: re.Pattern[str], by: Callable[[re.Match[str]], str]) -> bool:
        found = pattern.match(self._source, self._at)
        if found is None:
            return False
        self._write(by(found))
        self._at = found.end()
        return True

    def _distrust(self, reading: Reading) -> None:
        self._reading = max(self._reading, reading)

    def _escape(self) -> None:
        if self._replace(_LITERAL, lambda found: "".join(map(_quoted, found[1]))):
            return
        if self._replace(_CODE_POINT, _code_point) or self._replace(_CONTROL, _control):
            return
        if not self._in_set and self._replace(
            _BACK_REFERENCE, lambda found: f"(?P={found[1] or found[2] or found[3]})"
        ):
            return
        letter = self._source[self._at + 1 : self._at + 2]
        written = "\\" + letter
        if letter and letter.lower() in _MEMBERS:
            self._distrust(Reading.WIDE)
            members = (_MEMBERS if letter.islower() else _OTHERS)[letter.lower()]
            if not self._in_set:
                self._write(f"[{members}{_BEYOND}]", written)
            else:
                # A negated set is wide when what it leaves out is narrow.
                self._write(members if self._negated else members + _BEYOND, written)
        elif letter in ("h", "H"):  # a hexadecimal digit in Oniguruma
            digits = "0-9A-Fa-f"
            negated = f"[^{digits}]"
            self._write((digits if self._in_set else f"[{digits}]") if letter == "h" else negated)
        elif letter in ("z", "Z") and not self._in_set:
            self._write(r"\z", r"\Z")
        elif letter == "e":
            self._write(r"\x1b")
        else:
            if letter in ("b", "B") and not self._in_set:
                self._distrust(Reading.ASCII)
            self._write(written)
        self._at += 2

    def _open_set(self) -> None:
        self._in_set = True
        self._copy(1)
        self._negated = self._source.startswith("^", self._at)
        if self._negated:
            self._copy(1)
        if self._source.startswith("]", self._at):  # a bracket in first place is a member
            self._copy(1)

    def _set_member(self, char: str) -> None:
        posix = _POSIX_CLASS.match(self._source, self._at)
        if posix:
            self._distrust(Reading.WIDE)
            self._write(posix[0] if self._negated else posix[0] + _BEYOND, posix[0])
            self._at += len(posix[0])
            return
        if char == "[" or self._source.startswith("&&", self._at):
            self._distrust(Reading.OTHER)
            # From here on `regex` reads the sets; what follows is copied as it is.
            self._copy(len(self._source) - self._at)
            return
        if char == "]":
            self._in_set = False
        self._copy(1)


def _quoted(char: str) -> str:
    return char if char.isalnum() or not char.isascii() else "\\" + char


def _code_point(found: re.Match[str]) -> str:
    code = int(found[1] or found[2], 16)
    return found[0] if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else _quoted(chr(code))


def _control(found: re.Match[str]) -> str:
    return f"\\x{ord(found[1].upper()) & 0x1F:02x}"


_PIECE = re.compile(
    r"""
    \\. | (?P<set>\[\^?\]?(?:\\.|[^\\\]])*\]) | (?P<open>\() | (?P<close>\))
    | \{(?P<least>\d{0,9})(?P<comma>,?)(?P<most>\d{0,9})\} | .
    """,
    re.VERBOSE | re.DOTALL,
)


def unrolled_length(pattern: str) -> int:
    """About how many pieces a pattern has once its counted repeats, also those within each other, are written out."""
    lengths = [0]  # of each open group
    last = [0]  # of the piece that a repeat would be for, in each open group
    for piece in _PIECE.finditer(pattern):
        if piece["open"]:
            lengths.append(0)
            last.append(0)
        elif piece["close"] and len(lengths) > 1:
            last.pop()
            length = lengths.pop() + 1
            lengths[-1] += length
            last[-1] = length
        elif piece["least"] is not None and (piece["least"] or piece["most"]):
            times = max(int(piece["least"] or 0) + 1, int(piece["most"] or 0))
            lengths[-1] += last[-1] * times
            last[-1] *= times
        else:
            lengths[-1] += 1
            last[-1] = 1
    return sum(lengths)
