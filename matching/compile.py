"""From the model to executables: one `CompiledInteraction` for each recorded interaction, made once.

Everything that costs is done here: rules become matchers, patterns are compiled, JSON becomes a tree of nodes, the
answer becomes bytes. Nothing of it happens while a request is answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from matching.bodies import NoBody, compile_body, idle_rules
from matching.errors import PactError, Problem, Severity, pointer
from matching.example import example_request
from matching.generators import ResponseTemplate, compile_template, echo_placements
from matching.http_text import NOT_REPLAYED, is_sendable_value, is_token
from matching.interaction import CompiledInteraction, CompiledPact, Content
from matching.json_text import dump_json
from matching.matchers import RuleError
from matching.messages import compile_message
from matching.model import (
    MISSING_BODY,
    Body,
    BodyState,
    ExampleRequest,
    ExampleResponse,
    Generator,
    Interaction,
    MatchingRules,
    Message,
    Pact,
    RuleList,
    SkippedInteraction,
)
from matching.parse import Draft, parse_document, read_document
from matching.parts import (
    LiteralPath,
    RuledPath,
    compile_headers,
    compile_path,
    compile_query,
)
from matching.patterns import bounded
from matching.response import CompiledResponse, compile_response


def load_pact(content: bytes, most: int | None = None) -> CompiledPact:
    """Parse and compile one document. Raises PactError when it is not a pact at all.

    With `most`, only so many interactions are compiled; the others are read so far that they can be found, and each is
    compiled when it is first needed.
    """
    return compile_pact(*parse_document(read_document(content), most))


def compile_pact(pact: Pact, drafts: Iterable[Draft] = ()) -> CompiledPact:
    """Compile every interaction, but for drafts; one that uses something unsupported is skipped and listed."""
    compiled: list[CompiledInteraction] = []
    skipped, problems = list(pact.skipped), list(pact.problems)

    def skip(description: str, pointer: str, error: PactError) -> str:
        reason = "; ".join(problem.message for problem in error.problems)
        skipped.append(SkippedInteraction(description, pointer, reason))
        problems.extend(error.problems)
        return reason

    for interaction in pact.interactions:
        try:
            executable, warnings = compile_interaction(interaction, pact.consumer, pact.provider)
        except PactError as error:
            skip(interaction.description, interaction.pointer, error)
        else:
            compiled.append(executable)
            problems.extend(warnings)
    for draft in drafts:
        try:
            compiled.append(_compile_draft(draft, pact.consumer, pact.provider, problems, skip))
        except PactError as error:
            skip(f"Interaction {draft.index}", draft.pointer, error)
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
        skipped,
        problems,
    )


def _compile_draft(
    draft: Draft, consumer: str, provider: str, problems: list[Problem], skip: Callable[[str, str, PactError], str]
) -> CompiledInteraction:
    """What finds the interaction now, the rest when it is needed. Raises PactError when it cannot be found."""

    made: list[tuple[Content, str | None]] = []

    def content() -> tuple[Content, str | None]:
        if made:  # another thread was quicker
            return made[0]
        description = f"Interaction {draft.index}"
        try:
            interaction, warnings = draft.parse()
            description = interaction.description
            executable, more = compile_interaction(interaction, consumer, provider)
        except PactError as error:
            made.append((_nothing(draft, description), skip(description, draft.pointer, error)))
        else:
            problems.extend((*warnings, *more))
            made.append((executable.content, None))
        return made[0]

    try:
        path = compile_path(draft.path, draft.path_rules, _path_expression(draft.path_generators))
    except RuleError as error:
        raise PactError([_refusal(error, draft.pointer)]) from None
    return CompiledInteraction(
        consumer,
        provider,
        draft.method,
        path,
        draft.path,
        _specificity(path, draft.header_count, draft.query_count, draft.has_body, draft.rule_count),
        content,
    )


def _nothing(draft: Draft, description: str) -> Content:
    """The content of an interaction that cannot be served."""
    request = ExampleRequest(draft.method, draft.path, {}, (), MISSING_BODY, MatchingRules())
    response = ExampleResponse(500, (), MISSING_BODY, MatchingRules())
    interaction = Interaction(description, (), request, response, draft.pointer)
    answer = CompiledResponse(500, (), b"")
    return Content("", interaction, (), compile_query({}, request.rules), (), NoBody(), answer, None)


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
            refusals.append(_refusal(error, interaction.pointer))
            return None

    path = attempt(lambda: compile_path(request.path, rules.path, _path_expression(request.generators)))
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
    has_body = request.body.state is not BodyState.MISSING
    executable = CompiledInteraction(
        consumer,
        provider,
        request.method,
        path,
        request.path,
        _specificity(path, len(request.headers), len(request.query), has_body, request.rule_count),
        Content(
            id=_interaction_id(interaction, consumer, provider),
            interaction=interaction,
            states=tuple(state.name for state in interaction.states),
            query=query,
            headers=headers,
            body=body,
            response=response,
            template=template,
        ),
    )
    problems.extend(_own_problems(executable))
    problems.extend(_idle_rules(request))
    problems.extend(_plugin_notes(interaction.plugins, interaction.pointer, "its body is compared as it was recorded"))
    return executable, problems


def _refusal(error: RuleError, pointer: str) -> Problem:
    cure = "the interaction is not served until this is supported, or recorded in another way"
    return Problem(Severity.SKIPPED, error.pointer or f"{pointer}/request", str(error), cure)


def _path_expression(generators: Iterable[Generator]) -> str | None:
    """The expression that a provider state's values are put into to make the path, if there is one."""
    for generator in generators:
        expression = generator.attributes.get("expression")
        if generator.category == "path" and generator.type == "ProviderState" and isinstance(expression, str):
            return expression
    return None


def _plugin_notes(plugins: tuple[str, ...], where: str, instead: str) -> Iterator[Problem]:
    """Plugins are not run; each interaction that asks for one says so."""
    for plugin in plugins:
        message = f"the plugin {plugin!r} is not run here; {instead}"
        yield Problem(Severity.WARNING, where + "/pluginConfiguration", message, "expect no more than that")


def _specificity(
    path: LiteralPath | RuledPath, headers: int, query: int, has_body: bool, rules: int
) -> tuple[int, ...]:
    """Literal paths before rules; then more headers, more query parameters, a body; then fewer rules."""
    return (0 if path.is_literal else 1, -headers, -query, 0 if has_body else 1, rules)


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
        _path_expression(request.generators),
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
