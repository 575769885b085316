"""Messages, ready to be fetched: what a provider would put on a queue, or answer where no HTTP is spoken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from matching.bodies import BodyMatcher, compile_body
from matching.content_types import PLAIN_TEXT, ContentType
from matching.errors import Problem
from matching.generators import GeneratorContext, Template, message_template
from matching.generators.places import Place
from matching.generators.templates import compile_place
from matching.json_text import text_of
from matching.matchers import TEXT_RULES, Matcher, compile_rules
from matching.mismatch import Mismatch, Part
from matching.model import BodyState, Message, MessageContent, Role
from matching.request import Request


@dataclass(frozen=True, slots=True)
class CompiledContent:
    """One message as it is handed out; `content` and `metadata` are as recorded, before generators."""

    role: Role
    content: bytes
    content_type: ContentType | None
    metadata: Mapping[str, Any]
    template: Template | None
    generated: tuple[tuple[str, Place], ...]

    def fill(self, context: GeneratorContext) -> tuple[bytes, dict[str, Any]]:
        """(content, metadata) with generators applied."""
        metadata = dict(self.metadata)
        for name, place in self.generated:
            value = place.value(context)
            metadata[name] = float(value) if isinstance(value, Decimal) else value
        return (self.content if self.template is None else self.template.fill(context)), metadata


@dataclass(frozen=True, slots=True, eq=False)
class CompiledMessage:
    """A message interaction ready to be fetched. `id` is short and stable, as that of an interaction."""

    id: str
    consumer: str
    provider: str
    message: Message
    contents: tuple[CompiledContent, ...]

    def content(self, role: Role | None = None, number: int = 0) -> CompiledContent | None:
        """A recorded message: that of the role, without one the message itself or the (first) response."""
        wanted = (role,) if role is not None else (Role.MESSAGE, Role.RESPONSE, Role.REQUEST)
        for candidate in wanted:
            found = [content for content in self.contents if content.role is candidate]
            if number < len(found):
                return found[number]
        return None


def compile_message(message: Message, consumer: str, provider: str, name: str) -> tuple[CompiledMessage, list[Problem]]:
    """Compile one message interaction, whose id is `name`, and list what was set aside."""
    problems: list[Problem] = []
    contents = []
    for content in message.contents:
        template, found = message_template(content.body, content.generators, content.rules)
        problems.extend(found)
        generated = []
        for generator in content.generators:
            if generator.category == "metadata":
                example = content.metadata.get(generator.path)
                place = compile_place(generator, f"metadata {generator.path}", example, problems)
                if place is not None:
                    generated.append((generator.path, place))
        body = content.body
        content_type = body.content_type or (PLAIN_TEXT if body.state is BodyState.PRESENT else None)
        contents.append(
            CompiledContent(content.role, body.content, content_type, content.metadata, template, tuple(generated))
        )
    return CompiledMessage(name, consumer, provider, message, tuple(contents)), problems


class MessageMatcher:
    """Whether another message satisfies a recorded one: its content, with further keys allowed, and its metadata."""

    __slots__ = ("_body", "_metadata")

    def __init__(self, example: MessageContent) -> None:
        """Raises RuleError."""
        self._body: BodyMatcher = compile_body(example.body, example.rules, extra=True)
        self._metadata: dict[str, tuple[Any, Matcher | None]] = {}
        for name, value in example.metadata.items():
            rules = example.rules.metadata.get(name)
            matcher = None if rules is None else compile_rules(rules, text_of(value), TEXT_RULES)
            self._metadata[name] = value, matcher

    def explain(self, metadata: Mapping[str, Any], content: Request) -> Iterator[Mismatch]:
        """Every mismatch of a message; its content comes as the body of a `Request`."""
        for name, (expected, matcher) in self._metadata.items():
            if _says_type(name):
                continue  # compared with the content
            actual = metadata.get(name)
            if name not in metadata:
                message = f"Expected the metadata {name} but it is missing"
                yield Mismatch(Part.METADATA, name, "present", expected, None, message)
            elif matcher is not None:
                if (reason := matcher.explain(text_of(actual))) is not None:
                    yield Mismatch(Part.METADATA, name, matcher.rule, expected, actual, f"Metadata {name}: {reason}")
            elif text_of(expected) != text_of(actual):
                message = f"Metadata {name}: expected {text_of(expected)} but received {text_of(actual)}"
                yield Mismatch(Part.METADATA, name, "equality", expected, actual, message)
        yield from self._body.explain(content)


def _says_type(name: str) -> bool:
    return name.lower() in ("contenttype", "content-type")
