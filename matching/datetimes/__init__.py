"""Dates and times as pacts write them: the patterns of Java's DateTimeFormatter, and the date expressions of pact."""

from matching.datetimes.expressions import ExpressionError, shift_date, shift_datetime, shift_time
from matching.datetimes.patterns import DatePattern, DatePatternError, compile_date_pattern

__all__ = [
    "DatePattern",
    "DatePatternError",
    "ExpressionError",
    "compile_date_pattern",
    "shift_date",
    "shift_datetime",
    "shift_time",
]
