"""Interactions and pacts as executables. `matching.compile` makes them.

An interaction is found by its method and path, and that is all that many an interaction is ever asked for. So where
there are very many of them, only this is read when they are loaded, and the rest is compiled when it is first needed:
until then it is a draft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from matching.bodies import BodyMatcher
from matching.errors import Problem
from matching.generators import ResponseTemplate
from matching.messages import CompiledMessage
from matching.mismatch import Mismatch, Part
from matching.model import Interaction, SkippedInteraction
from matching.parts import HeaderMatcher, LiteralPath, QueryMatcher, RuledPath
from matching.request import Request
from matching.response import CompiledResponse


@dataclass(frozen=True, slots=True)
class Content:
    """What is compiled of an interaction beside what finds it."""

    id: str
    interaction: Interaction
    states: tuple[str, ...]
    query: QueryMatcher
    headers: tuple[HeaderMatcher, ...]
    body: BodyMatcher
    response: CompiledResponse
    template: ResponseTemplate | None  # what of the response is generated for each answer


class CompiledInteraction:
    """An interaction ready to decide on requests and to answer them.

    `id` is short, stable under reordering and reloading, and the same wherever the same interaction is loaded.
    `specificity` orders interactions that match the same request: the smallest is the most specific. `refusal` says why
    it cannot be served, which is known of a draft only once it is compiled; such an interaction matches nothing.
    """

    __slots__ = (
        "_draft",
        "_source",
        "body",
        "consumer",
        "headers",
        "id",
        "interaction",
        "method",
        "path",
        "provider",
        "query",
        "recorded_path",
        "refusal",
        "response",
        "specificity",
        "states",
        "template",
    )  # fmt: skip

    id: str
    interaction: Interaction
    states: tuple[str, ...]
    query: QueryMatcher
    headers: tuple[HeaderMatcher, ...]
    body: BodyMatcher
    response: CompiledResponse
    template: ResponseTemplate | None
    refusal: str | None

    def __init__(
        self,
        consumer: str,
        provider: str,
        method: str,
        path: LiteralPath | RuledPath,
        recorded_path: str,
        specificity: tuple[int, ...],
        content: Content | Callable[[], tuple[Content, str | None]],
    ) -> None:
        """`content` is the rest, or makes it (and says why it cannot be served) when it is asked for."""
        self.consumer = consumer
        self.provider = provider
        self.method = method
        self.path = path
        self.recorded_path = recorded_path
        self.specificity = specificity
        self._source: CompiledInteraction | None = None
        self._draft: Callable[[], tuple[Content, str | None]] | None = None
        if isinstance(content, Content):
            self._fill(content, None)
        else:
            self._draft = content

    def _fill(self, content: Content, refusal: str | None) -> None:
        for name in Content.__slots__:
            setattr(self, name, getattr(content, name))
        self.refusal = refusal
        self._draft = None

    def __getattr__(self, name: str) -> Any:
        """Python comes here for what is not set, and only for that: a compiled interaction pays nothing for it."""
        draft = self._draft if name in Content.__slots__ or name == "refusal" else None
        if draft is not None:
            self._fill(*draft())
        # Another thread may have filled it in since; if nobody did, there is no such attribute.
        return object.__getattribute__(self, name)

    @property
    def content(self) -> Content:
        """All of it that does not find it."""
        return Content(*(getattr(self, name) for name in Content.__slots__))

    @property
    def is_draft(self) -> bool:
        """Whether it has not been compiled yet."""
        return self._draft is not None

    @property
    def header_names(self) -> tuple[str, ...]:
        """The lower-case names of the headers that it records."""
        return tuple(header.name for header in self.headers)

    @property
    def source(self) -> CompiledInteraction:
        """The interaction that this is a variant of, or itself."""
        return self._source or self

    def without_header(self, name: str) -> CompiledInteraction:
        """The same interaction, with no regard for a request header (its name in lower case)."""

        def content() -> tuple[Content, str | None]:
            headers = tuple(header for header in self.headers if header.name != name)
            return replace(self.content, headers=headers), self.refusal

        its = (self.consumer, self.provider, self.method, self.path, self.recorded_path, self.specificity)
        variant = CompiledInteraction(*its, content)
        variant._source = self.source
        return variant

    def accepts(self, request: Request) -> bool:
        """Whether a request whose method and path are known to fit matches; cheap checks come first."""
        if not self.query.matches(request):
            return False
        for header in self.headers:
            if not header.matches(request.headers.get(header.name)):
                return False
        return self.body.matches(request)

    def matches(self, request: Request) -> bool:
        """Whether the request matches, method and path included."""
        return self.method == request.method and self.path.matches(request) and self.accepts(request)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        """Every mismatch of the request, part by part; none exactly when `matches` is true."""
        yield from self.explain_head(request)
        yield from self.body.explain(request)

    def explain_head(self, request: Request) -> Iterator[Mismatch]:
        """Every mismatch of the request before its body."""
        if self.method != request.method:
            message = f"Expected the method {self.method} but received {request.method}"
            yield Mismatch(Part.METHOD, "", "equality", self.method, request.method, message)
        yield from self.path.explain(request)
        yield from self.query.explain(request)
        for header in self.headers:
            yield from header.explain(request.headers.get(header.name))


@dataclass(frozen=True, slots=True)
class CompiledPact:
    """A pact ready to be served: what can be answered, what cannot and why, and every problem found.

    Of drafts, `skipped` and `problems` tell once they are compiled, which notes both in the lists behind them.
    """

    consumer: str
    provider: str
    specification: str
    interactions: tuple[CompiledInteraction, ...]
    messages: tuple[CompiledMessage, ...]
    noted_skipped: list[SkippedInteraction]
    noted_problems: list[Problem]

    @property
    def skipped(self) -> tuple[SkippedInteraction, ...]:
        """The entries that are not served, and why."""
        return tuple(self.noted_skipped)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that was found wrong."""
        return tuple(self.noted_problems)
