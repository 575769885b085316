"""From the model to executables: one `CompiledInteraction` for each recorded interaction, made once, never changed.

Everything that costs is done here: rules become matchers, patterns are compiled, JSON becomes a tree of nodes, the
answer becomes bytes. Nothing of it happens while a request is answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from matching.bodies import BodyMatcher, compile_body, idle_rules
from matching.errors import PactError, Problem, Severity, pointer
from matching.example import example_request
from matching.generators import ResponseTemplate, compile_template, echo_placements
from matching.http_text import NOT_REPLAYED, is_sendable_value, is_token
from matching.json_text import dump_json
from matching.matchers import RuleError
from matching.messages import CompiledMessage, compile_message
from matching.mismatch import Mismatch, Part
from matching.model import (
    Body,
    BodyState,
    ExampleRequest,
    Generator,
    Interaction,
    Message,
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
from matching.patterns import bounded
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
    template: ResponseTemplate | None  # what of the response is generated for each answer
    specificity: tuple[int, ...]

    @property
    def header_names(self) -> tuple[str, ...]:
        """The lower-case names of the headers that it records."""
        return tuple(header.name for header in self.headers)

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
    """A pact ready to be served: what can be answered, what cannot and why, and every problem found."""

    consumer: str
    provider: str
    specification: str
    interactions: tuple[CompiledInteraction, ...]
    messages: tuple[CompiledMessage, ...]
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
    messages = []
    for message in pact.messages:
        fetchable, warnings = compile_message(message, pact.consumer, pact.provider, _message_id(message, pact))
        messages.append(fetchable)
        problems.extend(warnings)
        problems.extend(_plugin_notes(message.plugins, message.pointer, "its content is handed out as recorded"))
    return CompiledPact(
        pact.consumer,
        pact.provider,
        pact.specification.name.replace("_", "."),
        tuple(compiled),
        tuple(messages),
        tuple(skipped),
        tuple(problems),
    )


def echo_template(interaction: CompiledInteraction) -> ResponseTemplate | None:
    """The template of an interaction's answer in which values that were asked for are echoed."""
    recorded = interaction.interaction
    placements = echo_placements(recorded)
    return compile_template(recorded.response, placements)[0] if placements else interaction.template


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

    path = attempt(lambda: compile_path(request.path, rules.path, _path_expression(request)))
    query = attempt(lambda: compile_query(request.query, rules))
    # How a request travels is between a client and its server; no contract is about it.
    compared = tuple(header for header in request.headers if header[0].lower() not in NOT_REPLAYED)
    headers = attempt(lambda: compile_headers(compared, rules))
    body = attempt(lambda: compile_body(request.body, rules))
    if path is None or query is None or headers is None or body is None:
        raise PactError(refusals)
    response, problems = compile_response(interaction.response, f"{interaction.pointer}/response")
    template, warnings = compile_template(interaction.response)
    problems.extend(warnings)
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
        template=template,
        specificity=_specificity(interaction, path),
    )
    problems.extend(_own_problems(executable))
    problems.extend(_idle_rules(request))
    problems.extend(_plugin_notes(interaction.plugins, interaction.pointer, "its body is compared as it was recorded"))
    return executable, problems


def _path_expression(request: ExampleRequest) -> str | None:
    """The expression that a provider state's values are put into to make the path, if there is one."""
    for generator in request.generators:
        expression = generator.attributes.get("expression")
        if generator.category == "path" and generator.type == "ProviderState" and isinstance(expression, str):
            return expression
    return None


def _plugin_notes(plugins: tuple[str, ...], where: str, instead: str) -> Iterator[Problem]:
    """Plugins are not run; each interaction that asks for one says so."""
    for plugin in plugins:
        message = f"the plugin {plugin!r} is not run here; {instead}"
        yield Problem(Severity.WARNING, where + "/pluginConfiguration", message, "expect no more than that")


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
        _generators_identity(response.generators),
        _path_expression(request),
    ]
    return _digest(identity)


def _message_id(message: Message, pact: Pact) -> str:
    """A digest of everything recorded, but for where it stands."""
    identity = [
        pact.consumer,
        pact.provider,
        message.key,
        message.description,
        [[state.name, state.params] for state in message.states],
        [
            [
                content.role.value,
                content.metadata,
                _body_identity(content.body),
                _generators_identity(content.generators),
                [[repr(path), _rules_identity(part)] for path, part in content.rules.body],
                [[name, _rules_identity(part)] for name, part in content.rules.metadata.items()],
            ]
            for content in message.contents
        ],
    ]
    return _digest(identity)


def _digest(identity: Any) -> str:
    return hashlib.sha256(dump_json(identity)).hexdigest()[:12]


def _body_identity(body: Body) -> list[str]:
    return [body.state.value, str(body.content_type), body.content.hex()]


def _generators_identity(generators: tuple[Generator, ...]) -> list[Any]:
    return [[item.category, item.path, item.type, item.attributes] for item in generators]


def _rules_identity(rules: RuleList | None) -> list[Any]:
    if rules is None:
        return []
    return [rules.any_suffices, *([rule.name, rule.attributes] for rule in rules.rules)]


def _own_problems(executable: CompiledInteraction) -> list[Problem]:
    """What keeps the recorded request itself from being answered: it cannot be sent, or its own rules refuse it."""
    where, example = f"{executable.interaction.pointer}/request", executable.interaction.request
    problems = [
        Problem(Severity.WARNING, where + pointer(*steps), f"{what} cannot be sent over HTTP", cure)
        for steps, what, cure, fits in _sendable(example)
        if not fits
    ]
    with bounded():
        mismatch = next(executable.explain(example_request(example)), None)
    if mismatch is not None and not problems:
        message = f"the recorded request does not match its own interaction: {mismatch.message}"
        cure = "correct the example or the rule; requests are judged by the rule"
        problems.append(Problem(Severity.WARNING, where, message, cure))
    return problems


def _idle_rules(example: ExampleRequest) -> Iterator[Problem]:
    """Rules of the request that reach nothing recorded, as a misspelt path or name does."""
    rules, headers = example.rules, {name.lower() for name, _ in example.headers}
    idle = [
        *(part for name, part in rules.header.items() if name not in headers),
        *(part for name, part in rules.query.items() if name not in example.query),
        *idle_rules(example.body, rules.body),
    ]
    for part in idle:
        message = "the rule reaches nothing that is recorded, so it has no effect"
        yield Problem(Severity.NOTE, part.pointer, message, "check the spelling of its path or name")


def _sendable(example: ExampleRequest) -> Iterator[tuple[tuple[str, ...], str, str, bool]]:
    yield ("path",), f"the path {example.path!r}", "begin it with /", example.path.startswith("/")
    yield ("method",), f"the method {example.method!r}", "use one like GET", is_token(example.method)
    for name, values in example.headers:
        yield ("headers", name), f"the header name {name!r}", "use a name without blanks", is_token(name)
        cure = "use values without control characters"
        yield ("headers", name), f"the value of the header {name}", cure, all(map(is_sendable_value, values))
