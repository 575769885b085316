"""The differences from the Rust core that are meant: each with a name, its section of the semantics, and the reason.

A difference explains a disagreement when the case, put without what the difference is about, is agreed upon: then both
cores say of it what ours said of the case itself. So a name never hides anything else that is wrong with a case.
Several differences may meet in one case; then all of them together must settle it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from tests.oracle import plain, plain_json, plain_trees
from tests.oracle.cases import Case, Sent, body_rules
from tests.oracle.judges import Disagreement, Judges
from tests.oracle.ties import may_tie

Plain = Callable[[Case, Sent], tuple[Case, Sent] | None]


@dataclass(frozen=True)
class Difference:
    """One difference. `without` puts a case without what it is about, or says None when that does not occur in it."""

    name: str
    section: str
    why: str
    without: Plain


DIFFERENCES = [
    Difference(
        "encoded path",
        "2.2",
        "a path is compared as it came or decoded segment by segment; Rust compares the raw text",
        plain.decoded_path,
    ),
    Difference(
        "list header",
        "2.4",
        "`1, 2` in one line and `1` and `2` in two lines are one and the same; Rust compares line by line",
        plain.split_headers,
    ),
    Difference(
        "case of media types",
        "2.4",
        "media types are compared without case, as HTTP defines them; Rust compares headers with case",
        plain.lower_media_types,
    ),
    Difference(
        "quoted parameters",
        "2.4",
        '`charset="utf-8"` is `charset=utf-8`, as HTTP defines it; Rust compares the quotes too',
        plain.unquoted_parameters,
    ),
    Difference(
        "bracketed names",
        "1.8",
        "V2 rules reach parameters with dots and brackets in their names; in Rust they are lost",
        plain.simple_query_names,
    ),
    Difference(
        "eachValue of one header",
        "2.3",
        "`eachValue` is about one value as it is about several; in Rust a single header value never matches",
        plain.plain_headers,
    ),
    Difference(
        "numbers in queries",
        "1.5",
        "a number recorded as a query value is its text; Rust never matches it",
        plain.textual_query,
    ),
    Difference(
        "signed integers in texts",
        "2.3",
        "in a query, header or text, `integer` takes a sign; Rust takes digits only",
        plain.unsigned,
    ),
    Difference(
        "null text",
        "2.5",
        "the JSON text `null` counts as no body, as the specification wants it; Rust calls it a body",
        plain.no_null_text,
    ),
    Difference(
        "guessed types",
        "2.6",
        "without a content type both sides are what they look like; Rust looks in another way, and quotes what is JSON",
        plain.typed,
    ),
    Difference(
        "integers beyond 64 bits",
        "2.7",
        "integers of any size are exact; Rust makes floats of them",
        plain_json.small_integers,
    ),
    Difference(
        "alternatives for containers",
        "3.4",
        "OR holds for objects and lists too, null included; Rust takes it for AND, and refuses null before any rule",
        plain_json.container_alternatives,
    ),
    Difference(
        "empty example",
        "3.5",
        "rules mean what they say where an empty list was recorded (`min`, `equality`, …); Rust takes any list",
        plain_json.nothing_empty,
    ),
    Difference(
        "lists below values",
        "3.3",
        "`values` is not inherited, so lists below it have the recorded length; Rust lets them have any",
        plain_json.objects_below_values,
    ),
    Difference(
        "rules about entries",
        "3.3",
        "`eachKey`, `eachValue` and `values` are not inherited; in Rust they are where a rule they outrank reaches",
        plain_json.nothing_weaker,
    ),
    Difference(
        "minus zero",
        "2.7",
        "`-0` is the integer 0; Rust reads it as a decimal",
        plain_json.no_minus_zero,
    ),
    Difference(
        "contentType of a whole body",
        "2.6",
        "`contentType` at the root is about the bytes of the body, JSON or not; Rust applies it to JSON values",
        plain_json.what_was_sent,
    ),
    Difference(
        "what is JSON",
        "3.5",
        "for `contentType` a text is JSON when it can be read as JSON; for Rust when it begins like it",
        plain.nothing_like_json,
    ),
    Difference(
        "adjacent numbers of dates",
        "3.7",
        "numbers without anything between them have the width of their letters, as in Java; Rust takes fewer digits",
        plain.spaced_numbers,
    ),
    Difference(
        "arrayContains elsewhere",
        "3.5",
        "where `arrayContains` stands at what is no list, that is compared; Rust then takes any",
        plain_json.equality_of_values,
    ),
    Difference(
        "line breaks in strings",
        "1.7",
        "a string recorded as a JSON body may hold line breaks; Rust puts quotes around it and escapes nothing",
        plain_json.printable_strings,
    ),
    Difference(
        "digits as keys",
        "3.1",
        "`[*]` stands for indices only; for Rust it also stands for keys that read as numbers",
        plain_json.no_digit_keys,
    ),
    Difference(
        "equality is final",
        "3.3",
        "below a container that must be equal no other rule is looked at; Rust applies those as well",
        plain_json.nothing_below_equality,
    ),
    Difference(
        "indices in paths",
        "2.8, 2.9",
        "`[0]` and `[*]` in rule paths of XML and forms count for nothing; in Rust they reach other values, or none",
        plain_trees.unindexed_paths,
    ),
    Difference(
        "white space in XML",
        "2.8",
        "white space between elements and comments are no children, so `min` and `max` do not count them; Rust does",
        plain_trees.without_blanks,
    ),
    Difference(
        "character references",
        "2.8",
        "a text is trimmed at its ends only; Rust trims what is before and behind each character reference",
        plain_trees.plain_characters,
    ),
    Difference(
        "names of elements",
        "2.8",
        "an element has the recorded name whatever rule it is under; Rust looks at the name for `type` only",
        plain_trees.named_elements,
    ),
    Difference(
        "counts in XML",
        "2.8",
        "`min` and `max` count what is in an element, or else the elements of its name; Rust counts only the former",
        plain_trees.counted_siblings,
    ),
    Difference(
        "rules of elements",
        "2.8",
        "a rule for single values at an element is for its text; in Rust a regex is for its name, others never match",
        plain_trees.rules_of_texts,
    ),
    Difference(
        "boundary",
        "2.10",
        "the boundary of a multipart body is another one every time and does not count; Rust compares it",
        plain_trees.recorded_boundary,
    ),
    Difference(
        "times without format",
        "3.7",
        "without a format, what ISO 8601 leaves out may be left out; Rust has one format for each rule",
        plain.iso_times,
    ),
    Difference(
        "offsets and zones",
        "3.7",
        "offsets reach to 18 hours and UTC is a zone; Rust stops at 11:59 and does not know UTC",
        plain.near_offsets,
    ),
    Difference(
        "formats of dates",
        "3.7",
        "optional sections and unquoted letters of a date format mean what they mean in Java; Rust matches nothing",
        plain_json.plain_formats,
    ),
    Difference(
        "null and lists",
        "3.5",
        "a list under `null` matches when it is empty or holds nulls only; Rust accepts no list there",
        plain_json.null_items,
    ),
    Difference(
        "zone names",
        "3.7",
        "the letter `z` takes any word for the name of a time zone, `GMTtext` too; Rust has a list of some",
        plain.known_zones,
    ),
    Difference(
        "types of parts",
        "2.10",
        "a part's type may have more parameters than recorded, as the header of a request may; Rust compares its text",
        plain_trees.untyped_parts,
    ),
    Difference(
        "empty files",
        "2.10",
        "an empty file has no type, so no `contentType` rule accepts it; in Rust it is text",
        plain_trees.compared_parts,
    ),
]

# Not meant: what looks like a fault of ours. Each stands here until it is mended.
MOST_AT_ONCE = 4  # differences that are looked for in one case

TIE = "tie"  # 3.2: of rules with equal scores ours are taken in a fixed order; in Rust the order of a hash map decides


def explanation(found: Disagreement, judges: Judges) -> str | None:
    """The name of the difference (or the names of those) that a disagreement comes from; None when there is none."""
    case, sent = found.case, found.sent
    if may_tie(body_rules(case.recorded)) and judges.wavers(case, sent):
        return TIE
    applicable = _applicable(case, sent)
    for size in range(1, min(len(applicable), MOST_AT_ONCE) + 1):
        for several in combinations(applicable, size):
            together = _without(case, sent, several)
            name = " + ".join(difference.name for difference in several)
            if _settled(found, together, judges):
                return name
            if may_tie(body_rules(together[0].recorded)) and judges.wavers(*together):
                return f"{name} + {TIE}"
    return None


def _applicable(case: Case, sent: Sent) -> list[Difference]:
    """The differences that occur in a case, or will once another one is gone from it."""
    changed = [plainer for difference in DIFFERENCES if (plainer := difference.without(case, sent)) is not None]
    return [
        difference
        for difference in DIFFERENCES
        if any(difference.without(*plainer) is not None for plainer in [(case, sent), *changed])
    ]


def _without(case: Case, sent: Sent, differences: tuple[Difference, ...]) -> tuple[Case, Sent]:
    for difference in differences * len(differences):  # what one of them leaves may be what another one is about
        case, sent = difference.without(case, sent) or (case, sent)
    return case, sent


def _settled(found: Disagreement, changed: tuple[Case, Sent], judges: Judges) -> bool:
    """Whether of the changed case both say what ours said of the case itself."""
    case, sent = changed
    return judges.ours(case.alone(sent))[0].matched == found.ours == judges.rust.verdict(case, sent)
