"""The types of generators: each reads its attributes when its pact is loaded, and then makes one value per answer.

A generator that cannot be read is set aside with a warning; one that finds no value for an answer raises
GeneratorError, and the recorded example is answered. Values are of the kind of the example: a number where a text is
recorded is written as a text.
"""

from __future__ import annotations

import math
import re
import string
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any, Protocol

from matching.datetimes import (
    DatePattern,
    DatePatternError,
    ExpressionError,
    compile_date_pattern,
    shift_date,
    shift_datetime,
    shift_time,
)
from matching.generators.context import GeneratorContext
from matching.generators.strings import MatchingStrings
from matching.json_text import text_of
from matching.patterns import PatternError, captured


class GeneratorError(ValueError):
    """A generator that cannot be read, or has no value now; the message says why."""


class ValueGenerator(Protocol):
    """A generator ready to make values."""

    def value(self, context: GeneratorContext, random: Random) -> Any:
        """A new value. Raises GeneratorError when there is none."""


_MOST_DIGITS = 1000
_BIGGEST = 10**18


def _whole(attributes: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = attributes.get(name)
    if value is None:
        return default
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
        value = int(value)
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise GeneratorError(f"{name} is not a whole number")
    if not least <= value <= most:
        raise GeneratorError(f"{name} is not between {least} and {most}")
    return value


class RandomInt:
    """`RandomInt`: a whole number between `min` and `max`, both included."""

    def __init__(self, attributes: Mapping[str, Any], example: Any) -> None:
        self._least = _whole(attributes, "min", 0, -_BIGGEST, _BIGGEST)
        self._most = _whole(attributes, "max", max(10, self._least), -_BIGGEST, _BIGGEST)
        if self._least > self._most:
            raise GeneratorError(f"min {self._least} is greater than max {self._most}")
        self._is_text = isinstance(example, str)

    def value(self, context: GeneratorContext, random: Random) -> Any:
        number = random.randint(self._least, self._most)
        return str(number) if self._is_text else number


class RandomDecimal:
    """`RandomDecimal`: a number of `digits` significant digits, one of them (at least) behind the point."""

    def __init__(self, attributes: Mapping[str, Any], example: Any) -> None:
        self._digits = _whole(attributes, "digits", 10, 1, _MOST_DIGITS)
        self._is_text = isinstance(example, str)

    def value(self, context: GeneratorContext, random: Random) -> Any:
        digits = random.choice("123456789") + "".join(random.choices(string.digits, k=self._digits - 1))
        if self._digits > 1:
            before = random.randint(1, self._digits - 1)
            digits = f"{digits[:before]}.{digits[before:]}"
        return digits if self._is_text else Decimal(digits)


class RandomText:
    """`RandomString` and `RandomHexadecimal`: characters of an alphabet."""

    def __init__(self, alphabet: str, name: str, attributes: Mapping[str, Any]) -> None:
        self._alphabet = alphabet
        self._length = _whole(attributes, name, 10, 0, _MOST_DIGITS * 10)
        self.cost = 1 + self._length // 100

    def value(self, context: GeneratorContext, random: Random) -> Any:
        return "".join(random.choices(self._alphabet, k=self._length))


class RandomBoolean:
    """`RandomBoolean`: true or false."""

    def __init__(self, example: Any) -> None:
        self._is_text = isinstance(example, str)

    def value(self, context: GeneratorContext, random: Random) -> Any:
        chosen = random.random() < 0.5
        return text_of(chosen) if self._is_text else chosen


_UUID_FORMATS: Mapping[str, Callable[[uuid.UUID], str]] = {
    "simple": lambda value: value.hex,
    "lower-case-hyphenated": str,
    "upper-case-hyphenated": lambda value: str(value).upper(),
    "URN": lambda value: value.urn,
}


class Uuid:
    """`Uuid`: a random UUID (version 4) in one of four `format`s."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self._write = _UUID_FORMATS.get(str(attributes.get("format")), str)

    def value(self, context: GeneratorContext, random: Random) -> Any:
        return self._write(uuid.UUID(int=random.getrandbits(128), version=4))


class Regex:
    """`Regex`: a string that matches `regex`, checked against it."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        source = attributes.get("regex")
        if not isinstance(source, str):
            raise GeneratorError("regex is not a text")
        try:
            self._strings = MatchingStrings(source)
            sample = self._strings.drawn(Random(0))  # noqa: S311  # tells now what will not work later
        except PatternError as error:
            raise GeneratorError(f"no strings can be made for the regular expression: {error}") from None
        self.cost = 5 + len(sample)

    def value(self, context: GeneratorContext, random: Random) -> Any:
        try:
            return self._strings.drawn(random)
        except PatternError as error:
            raise GeneratorError(str(error)) from None


_Shift = Callable[[str, datetime], datetime]
_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


class Moment:
    """`Date`, `Time`, `DateTime`: now, shifted by `expression`, in `format`."""

    def __init__(self, shift: _Shift, default: str, attributes: Mapping[str, Any]) -> None:
        source = attributes.get("format") or default
        expression = attributes.get("expression") or ""
        if not isinstance(source, str) or not isinstance(expression, str):
            raise GeneratorError("format and expression must be texts")
        try:
            self._pattern: DatePattern = compile_date_pattern(source)
        except DatePatternError as error:
            raise GeneratorError(f"the format {source!r} {error}") from None
        letters = self._pattern.letters
        if "D" in letters and letters & {"M", "L"}:
            raise GeneratorError(
                f"the format {source!r} has the day of the year (D) beside the month; write d for its day"
            )
        self._shift = shift
        self._expression = expression
        try:
            shift(expression, _SOME_DAY)
        except ExpressionError as error:
            raise GeneratorError(f"the expression {expression!r} {error}") from None

    def value(self, context: GeneratorContext, random: Random) -> Any:
        try:
            return self._pattern.write(self._shift(self._expression, context.now))
        except (ExpressionError, OverflowError, ValueError) as error:
            raise GeneratorError(str(error)) from None


_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


class FromState:
    """`ProviderState`: a value of the provider state's parameters, or a text with such values in it."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        expression = attributes.get("expression")
        if not isinstance(expression, str) or not expression:
            raise GeneratorError("expression is not a text")
        self._expression = expression
        kind = attributes.get("dataType")
        self._convert = _DATA_TYPES.get(kind.upper() if isinstance(kind, str) else "RAW", lambda value: value)

    def value(self, context: GeneratorContext, random: Random) -> Any:
        whole = _PLACEHOLDER.fullmatch(self._expression)
        name = whole[1] if whole else self._expression
        if whole or "${" not in self._expression:
            return self._convert(_parameter(context, name))
        return self._convert(_PLACEHOLDER.sub(lambda found: text_of(_parameter(context, found[1])), self._expression))


def _parameter(context: GeneratorContext, name: str) -> Any:
    try:
        return context.params[name]
    except KeyError:
        raise GeneratorError(f"the provider state has no parameter {name!r}") from None


def _number(convert: Callable[[str], Any], form: str) -> Callable[[Any], Any]:
    def converted(value: Any) -> Any:
        text = text_of(value)
        if not re.fullmatch(form, text) or len(text) > _MOST_DIGITS:
            raise GeneratorError(f"{text[:50]!r} is not a number of that type")
        number = convert(text)
        if isinstance(number, float) and not math.isfinite(number):
            raise GeneratorError(f"{text[:50]!r} is not a number that JSON has")
        return number

    return converted


def _boolean(value: Any) -> bool:
    text = text_of(value).lower()
    if text not in ("true", "false"):
        raise GeneratorError(f"{text[:50]!r} is neither true nor false")
    return text == "true"


_DECIMAL = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_DATA_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "STRING": text_of,
    "INTEGER": _number(int, r"[+-]?[0-9]+"),
    "DECIMAL": _number(float, _DECIMAL),
    "FLOAT": _number(float, _DECIMAL),
    "BOOLEAN": _boolean,
}


class StubUrl:
    """`MockServerURL`: the stub's own address before the tail that `regex` finds in `example`."""

    def __init__(self, attributes: Mapping[str, Any], example: Any) -> None:
        source, recorded = attributes.get("regex"), attributes.get("example", example)
        if not isinstance(source, str) or not isinstance(recorded, str):
            raise GeneratorError("regex and example must be texts")
        try:
            tail = captured(source, recorded)
        except PatternError as error:
            raise GeneratorError(f"the regular expression cannot be run: {error}") from None
        if tail is None:
            raise GeneratorError("the regular expression finds no group in the example")
        self._tail = tail

    def value(self, context: GeneratorContext, random: Random) -> Any:
        slash = "" if self._tail.startswith("/") or not self._tail else "/"
        return context.base_url + slash + self._tail


Factory = Callable[[Mapping[str, Any], Any], ValueGenerator]

GENERATORS: Mapping[str, Factory] = {
    "RandomInt": RandomInt,
    "RandomDecimal": RandomDecimal,
    "RandomHexadecimal": lambda attributes, example: RandomText("0123456789abcdef", "digits", attributes),
    "RandomString": lambda attributes, example: RandomText(string.ascii_letters + string.digits, "size", attributes),
    "RandomBoolean": lambda attributes, example: RandomBoolean(example),
    "Regex": lambda attributes, example: Regex(attributes),
    "Uuid": lambda attributes, example: Uuid(attributes),
    "Date": lambda attributes, example: Moment(shift_date, "yyyy-MM-dd", attributes),
    "Time": lambda attributes, example: Moment(shift_time, "HH:mm:ss", attributes),
    "DateTime": lambda attributes, example: Moment(shift_datetime, "yyyy-MM-dd'T'HH:mm:ss.SSSZ", attributes),
    "ProviderState": lambda attributes, example: FromState(attributes),
    "MockServerURL": StubUrl,
}


def compile_value(kind: str, attributes: Mapping[str, Any], example: Any) -> ValueGenerator:
    """The generator of a type, for a recorded example. Raises GeneratorError."""
    factory = GENERATORS.get(kind)
    if factory is None:
        raise GeneratorError(f"there is no generator {kind!r}")
    return factory(attributes, example)
