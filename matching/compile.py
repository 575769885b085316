"""From the model to executables: one `CompiledInteraction` for each recorded interaction, made once, never changed.

Everything that costs is done here: rules become matchers, patterns are compiled, JSON becomes a tree of nodes, the
answer becomes bytes. Nothing of it happens while a request is answered.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from matching.bodies import BodyMatcher, compile_body
from matching.content_types import Kind
from matching.errors import PactError, Problem, Severity, pointer
from matching.example import example_request
from matching.http_text import is_token
from matching.json_text import JsonError, dump_json, parse_json
from matching.matchers import RuleError
from matching.mismatch import Mismatch, Part, inequality
from matching.model import (
    Body,
    BodyState,
    ExampleRequest,
    ExampleResponse,
    Interaction,
    Pact,
    RuleList,
    SkippedInteraction,
)
from matching.parse import parse_pact
from matching.parts import (
    HeaderMatcher,
    LiteralPath,
    QueryMatcher,
    RuledPath,
    compile_headers,
    compile_path,
    compile_query,
)
from matching.paths import reaches
from matching.request import Request
from matching.response import CompiledResponse, compile_response


@dataclass(frozen=True, slots=True, eq=False)
class CompiledInteraction:
    """An interaction ready to decide on requests and to answer them.

    `id` is short, stable under reordering and reloading, and the same wherever the same interaction is loaded.
    `specificity` orders interactions that match the same request: the smallest is the most specific.
    """

    id: str
    consumer: str
    provider: str
    interaction: Interaction
    states: tuple[str, ...]
    method: str
    path: LiteralPath | RuledPath
    query: QueryMatcher
    headers: tuple[HeaderMatcher, ...]
    body: BodyMatcher
    response: CompiledResponse
    specificity: tuple[int, ...]

    def accepts(self, request: Request) -> bool:
        """Whether a request whose method and path are known to fit matches; cheap checks come first."""
        if not self.query.matches(request):
            return False
        if self.headers:
            values = request.headers
            for header in self.headers:
                if not header.matches(values.get(header.name)):
                    return False
        return self.body.matches(request)

    def matches(self, request: Request) -> bool:
        """Whether the request matches, method and path included."""
        return self.method == request.method and self.path.matches(request) and self.accepts(request)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        """Every mismatch of the request, part by part; none exactly when `matches` is true."""
        if self.method != request.method:
            message = f"Expected the method {self.method} but received {request.method}"
            yield Mismatch(Part.METHOD, "", "equality", self.method, request.method, message)
        yield from self.path.explain(request)
        yield from self.query.explain(request)
        for header in self.headers:
            yield from header.explain(request.headers.get(header.name))
        yield from self.body.explain(request)


@dataclass(frozen=True, slots=True)
class CompiledPact:
    """A pact ready to be served: what can be answered, what cannot and why, and every problem found."""

    consumer: str
    provider: str
    specification: str
    interactions: tuple[CompiledInteraction, ...]
    skipped: tuple[SkippedInteraction, ...]
    problems: tuple[Problem, ...]


def load_pact(content: bytes) -> CompiledPact:
    """Parse and compile one document. Raises PactError when it is not a pact at all."""
    return compile_pact(parse_pact(content))


def compile_pact(pact: Pact) -> CompiledPact:
    """Compile every interaction; one that uses something unsupported is skipped and listed."""
    compiled: list[CompiledInteraction] = []
    skipped = list(pact.skipped)
    problems = list(pact.problems)
    for interaction in pact.interactions:
        try:
            executable, warnings = compile_interaction(interaction, pact.consumer, pact.provider)
        except PactError as error:
            problems.extend(error.problems)
            reason = "; ".join(problem.message for problem in error.problems)
            skipped.append(SkippedInteraction(interaction.description, interaction.pointer, reason))
        else:
            compiled.append(executable)
            problems.extend(warnings)
    version = pact.specification.name.replace("_", ".")
    return CompiledPact(pact.consumer, pact.provider, version, tuple(compiled), tuple(skipped), tuple(problems))


T = TypeVar("T")


def compile_interaction(
    interaction: Interaction, consumer: str, provider: str
) -> tuple[CompiledInteraction, list[Problem]]:
    """Compile one interaction and list what was set aside. Raises PactError with every reason why it cannot be."""
    request, rules = interaction.request, interaction.request.rules
    refusals: list[Problem] = []

    def attempt(make: Callable[[], T]) -> T | None:
        try:
            return make()
        except RuleError as error:
            where = error.pointer or f"{interaction.pointer}/request"
            cure = "the interaction is not served until this is supported, or recorded in another way"
            refusals.append(Problem(Severity.SKIPPED, where, str(error), cure))
            return None

    path = attempt(lambda: compile_path(request.path, rules.path))
    query = attempt(lambda: compile_query(request.query, rules))
    headers = attempt(lambda: compile_headers(request.headers, rules))
    body = attempt(lambda: compile_body(request.body, rules))
    if path is None or query is None or headers is None or body is None:
        raise PactError(refusals)
    response, problems = compile_response(interaction.response, f"{interaction.pointer}/response")
    for generator in interaction.response.generators:
        cure = "expect the recorded value, not a new one for each request"
        message = f"the generator {generator.type} is not applied yet; the recorded example is served"
        problems.append(Problem(Severity.NOTE, generator.pointer, message, cure))
    executable = CompiledInteraction(
        id=_interaction_id(interaction, consumer, provider),
        consumer=consumer,
        provider=provider,
        interaction=interaction,
        states=tuple(state.name for state in interaction.states),
        method=request.method,
        path=path,
        query=query,
        headers=headers,
        body=body,
        response=response,
        specificity=_specificity(interaction, path),
    )
    problems.extend(_own_problems(executable))
    problems.extend(_idle_rules(request))
    return executable, problems


def _specificity(interaction: Interaction, path: LiteralPath | RuledPath) -> tuple[int, ...]:
    """Literal paths before rules; then more headers, more query parameters, a body; then fewer rules."""
    request = interaction.request
    rules = request.rules
    governed = len(rules.query) + len(rules.header) + len(rules.body)
    return (
        0 if path.is_literal else 1,
        -len(request.headers),
        -len(request.query),
        0 if request.body.state is not BodyState.MISSING else 1,
        governed,
    )


def _interaction_id(interaction: Interaction, consumer: str, provider: str) -> str:
    """A digest of everything recorded, but for where it stands."""
    request, response = interaction.request, interaction.response
    rules = request.rules
    identity = [
        consumer,
        provider,
        interaction.key,
        interaction.description,
        [[state.name, state.params] for state in interaction.states],
        [request.method, request.path, list(request.query.items()), request.headers, _body_identity(request.body)],
        [_rules_identity(part) for part in (rules.path, rules.query_default)],
        [[name, _rules_identity(part)] for named in (rules.query, rules.header) for name, part in named.items()],
        [[repr(path), _rules_identity(part)] for path, part in rules.body],
        [response.status, response.headers, _body_identity(response.body)],
    ]
    return hashlib.sha256(dump_json(identity)).hexdigest()[:12]


def _body_identity(body: Body) -> list[str]:
    return [body.state.value, str(body.content_type), body.content.hex()]


def _rules_identity(rules: RuleList | None) -> list[Any]:
    if rules is None:
        return []
    return [rules.any_suffices, *([rule.name, rule.attributes] for rule in rules.rules)]


class ResponseMatcher:
    """Whether another response satisfies a recorded one: status, headers and body, with further keys allowed."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, example: ExampleResponse) -> None:
        """Compile the recorded response. Raises RuleError."""
        self._status = example.status
        self._headers = compile_headers(example.headers, example.rules)
        self._body = compile_body(example.body, example.rules, extra=True)

    def matches(self, status: int, message: Request) -> bool:
        """Whether the response matches; its headers and body come as a `Request` whose other parts are ignored."""
        return next(self.explain(status, message), None) is None

    def explain(self, status: int, message: Request) -> Iterator[Mismatch]:
        """Every mismatch of the response."""
        if status != self._status:
            yield Mismatch(Part.STATUS, "", "equality", self._status, status, inequality(self._status, status))
        for header in self._headers:
            yield from header.explain(message.headers.get(header.name))
        yield from self._body.explain(message)


def _own_problems(executable: CompiledInteraction) -> list[Problem]:
    """What keeps the recorded request itself from being answered: it cannot be sent, or its own rules refuse it."""
    where, example = f"{executable.interaction.pointer}/request", executable.interaction.request
    problems = [
        Problem(Severity.WARNING, where + pointer(*steps), f"{what} cannot be sent over HTTP", cure)
        for steps, what, cure, fits in _sendable(example)
        if not fits
    ]
    mismatch = next(executable.explain(example_request(example)), None)
    if mismatch is not None and not problems:
        message = f"the recorded request does not match its own interaction: {mismatch.message}"
        cure = "correct the example or the rule; requests are judged by the rule"
        problems.append(Problem(Severity.WARNING, where, message, cure))
    return problems


def _idle_rules(example: ExampleRequest) -> Iterator[Problem]:
    """Rules of the request that reach nothing recorded, as a misspelt path or name does."""
    rules, headers = example.rules, {name.lower() for name, _ in example.headers}
    document = None
    if example.body.content_type is not None and example.body.content_type.kind is Kind.JSON:
        with contextlib.suppress(JsonError):
            document = parse_json(example.body.content)
    idle = [
        *(part for name, part in rules.header.items() if name not in headers),
        *(part for name, part in rules.query.items() if name not in example.query),
        *(part for path, part in rules.body if document is not None and not reaches(path, document)),
    ]
    for part in idle:
        message = "the rule reaches nothing that is recorded, so it has no effect"
        yield Problem(Severity.NOTE, part.pointer, message, "check the spelling of its path or name")


def _sendable(example: ExampleRequest) -> Iterator[tuple[tuple[str, ...], str, str, bool]]:
    yield ("path",), f"the path {example.path!r}", "begin it with /", example.path.startswith("/")
    yield ("method",), f"the method {example.method!r}", "use one like GET", is_token(example.method)
    for name, _ in example.headers:
        yield ("headers", name), f"the header name {name!r}", "use a name without blanks", is_token(name)
