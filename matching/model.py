"""The model of a pact: what V1 to V4 documents say, in one shape, frozen.

`matching.parse` makes these from bytes; `matching.compile` makes executables from them. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from matching.content_types import ContentType
from matching.errors import Problem
from matching.paths import Path


class Specification(Enum):
    """The specification version that a document declares."""

    V1 = "1.0"
    V1_1 = "1.1"
    V2 = "2.0"
    V3 = "3.0"
    V4 = "4.0"


class BodyState(Enum):
    """A body that was not recorded, recorded as null, recorded as empty, or recorded: four different wishes."""

    MISSING = "missing"
    NULL = "null"
    EMPTY = "empty"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Body:
    """A recorded body. `content_type` is what the document says or, failing that, what the bytes look like."""

    state: BodyState
    content: bytes = b""
    content_type: ContentType | None = None


MISSING_BODY = Body(BodyState.MISSING)
NULL_BODY = Body(BodyState.NULL)


@dataclass(frozen=True, slots=True)
class MatchingRule:
    """One matching rule under its canonical name (`type`, `regex`, `datetime`, …) with its attributes as recorded.

    `rules` are those that `eachKey` and `eachValue` apply to every key or value, `variants` those of `arrayContains`.
    """

    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[MatchingRule, ...] = ()
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """What `arrayContains` looks for: the recorded item at `index` under rules (and with generators) of its own, whose
    paths begin at the item.
    """

    index: int
    rules: tuple[tuple[Path, RuleList], ...]
    generators: tuple[Generator, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rules of one path and how they combine: all must pass, or any one of them."""

    rules: tuple[MatchingRule, ...]
    any_suffices: bool = False
    pointer: str = field(default="", compare=False)  # where it stands is no part of what it says


BodyRules = tuple[tuple[Path, RuleList], ...]


@dataclass(frozen=True, slots=True)
class MatchingRules:
    """All matching rules of a request, response or message, by category.

    `header` keys are lower case. `query_default` governs the parameters that `query` does not name. What a message
    carries is its `body`.
    """

    path: RuleList | None = None
    status: RuleList | None = None
    query: Mapping[str, RuleList] = field(default_factory=dict)
    query_default: RuleList | None = None
    header: Mapping[str, RuleList] = field(default_factory=dict)
    body: BodyRules = ()
    metadata: Mapping[str, RuleList] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Generator:
    """How one value of an answer is produced: its category, the path or name it is for, type and attributes."""

    category: str
    path: str
    type: str
    attributes: Mapping[str, Any]
    pointer: str = field(compare=False)


QueryParameters = Mapping[str, tuple[str | None, ...]]
HeaderValues = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class ExampleRequest:
    """The recorded request. `query` None is a flag without `=`; header names keep their recorded case."""

    method: str
    path: str
    query: QueryParameters
    headers: HeaderValues
    body: Body
    rules: MatchingRules
    generators: tuple[Generator, ...] = ()
    rule_count: int = 0  # entries of the matching rules, those for the path aside


@dataclass(frozen=True, slots=True)
class ExampleResponse:
    """The recorded response."""

    status: int
    headers: HeaderValues
    body: Body
    rules: MatchingRules
    generators: tuple[Generator, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A named precondition of an interaction, with its parameters."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interaction:
    """One recorded request and its response. `pointer` says where in the document it stands."""

    description: str
    states: tuple[ProviderState, ...]
    request: ExampleRequest
    response: ExampleResponse
    pointer: str = field(compare=False)
    key: str | None = None
    pending: bool = False
    comments: Any = None
    plugins: tuple[str, ...] = ()


class Role(StrEnum):
    """What a recorded message is for: it stands alone, or it is asked for, or it answers."""

    MESSAGE = "message"
    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class MessageContent:
    """One recorded message: its content and what is said about it."""

    role: Role
    body: Body
    metadata: Mapping[str, Any]
    rules: MatchingRules
    generators: tuple[Generator, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message interaction: one message that the provider sends, or a request and the responses to it."""

    description: str
    states: tuple[ProviderState, ...]
    contents: tuple[MessageContent, ...]
    pointer: str
    key: str | None = None
    pending: bool = False
    comments: Any = None
    plugins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkippedInteraction:
    """An entry of the document that is not served, and why."""

    description: str
    pointer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pact:
    """One document: consumer, provider, the interactions that can be served, those that cannot, messages, and all
    problems.
    """

    consumer: str
    provider: str
    specification: Specification
    interactions: tuple[Interaction, ...]
    messages: tuple[Message, ...] = ()
    skipped: tuple[SkippedInteraction, ...] = ()
    problems: tuple[Problem, ...] = ()
