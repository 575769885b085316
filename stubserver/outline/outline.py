"""The outline of a stub: its endpoints, states and interactions, and what is found in them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from matching import CompiledInteraction, CompiledMessage
from stubserver.outline.endpoints import Endpoint, endpoints_of
from stubserver.outline.fields import Field, message_fields, request_fields, response_fields


@dataclass(frozen=True, slots=True)
class Filter:
    """Which interactions are wanted: those with a method, in a state ("" for those in none), of a consumer, and with
    all words of a text somewhere in them.
    """

    method: str | None = None
    state: str | None = None
    consumer: str | None = None
    text: str = ""


class Outline:
    """The interactions of a stub that are served, arranged by endpoint. Making one compiles all of them."""

    def __init__(self, interactions: Iterable[CompiledInteraction], messages: Iterable[CompiledMessage] = ()) -> None:
        served = [interaction for interaction in interactions if interaction.refusal is None]
        self.endpoints: list[Endpoint] = endpoints_of(served)
        self.by_id: dict[str, CompiledInteraction] = {}
        for interaction in served:
            self.by_id.setdefault(interaction.id, interaction)
        self.states = Counter(state for interaction in served for state in interaction.states)
        self.stateless = sum(not interaction.states for interaction in served)
        self.methods = Counter(interaction.method for interaction in served)
        self.consumers = Counter(interaction.consumer for interaction in served)
        self._texts: dict[CompiledInteraction, str] = {item: _text_of(item) for item in served}
        self._messages = [(message, _text_of_message(message)) for message in messages]
        self._usages: dict[int, EndpointUsage] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def endpoint_of(self, interaction: CompiledInteraction) -> Endpoint | None:
        """The endpoint that an interaction belongs to."""
        return next((endpoint for endpoint in self.endpoints if interaction in endpoint.interactions), None)

    def messages(self, wanted: Filter, most: int) -> list[CompiledMessage]:
        """The messages that are wanted, at most so many."""
        if wanted.method:
            return []
        words = wanted.text.lower().split()
        fitting = (
            message
            for message, text in self._messages
            if (not wanted.consumer or message.consumer == wanted.consumer)
            and _is_in_state([state.name for state in message.message.states], wanted)
            and all(word in text for word in words)
        )
        return list(itertools.islice(fitting, most))

    def usage_of(self, endpoint: Endpoint) -> EndpointUsage:
        """Which consumer uses which fields of an endpoint; found out once."""
        key = id(endpoint)  # endpoints live as long as the outline
        usage = self._usages.get(key)
        if usage is None:
            usage = self._usages[key] = usage_of(endpoint)
        return usage

    def filtered(self, wanted: Filter) -> Iterator[tuple[Endpoint, list[CompiledInteraction]]]:
        """The endpoints of which something is wanted, with what is wanted of them."""
        words = wanted.text.lower().split()
        for endpoint in self.endpoints:
            if wanted.method and endpoint.method != wanted.method:
                continue
            path = endpoint.path.lower()
            chosen = [
                interaction
                for interaction in endpoint.interactions
                if _fits(interaction, wanted)
                and all(word in self._texts[interaction] or word in path for word in words)
            ]
            if chosen:
                yield endpoint, chosen


def _fits(interaction: CompiledInteraction, wanted: Filter) -> bool:
    if wanted.consumer and interaction.consumer != wanted.consumer:
        return False
    return _is_in_state(interaction.states, wanted)


def _is_in_state(states: Sequence[str], wanted: Filter) -> bool:
    if wanted.state is None:
        return True
    return wanted.state in states if wanted.state else not states


def _text_of_message(message: CompiledMessage) -> str:
    recorded = message.message
    names = message_fields(recorded)
    return "\n".join((recorded.description, *(state.name for state in recorded.states), *names)).lower()


def _text_of(interaction: CompiledInteraction) -> str:
    """All that is searched of an interaction, in lower case."""
    recorded = interaction.interaction
    names = (field.name for field in fields_of(interaction))
    texts = (interaction.id, recorded.description, interaction.method, interaction.recorded_path, *interaction.states)
    return "\n".join((*texts, str(interaction.response.status), *names)).lower()


def fields_of(interaction: CompiledInteraction) -> list[Field]:
    """What a consumer sends and reads with an interaction."""
    recorded = interaction.interaction
    return [*request_fields(recorded.request), *response_fields(recorded.response)]


@dataclass(frozen=True, slots=True)
class Usage:
    """A field of an endpoint, and what each consumer expects of it: by consumer, in words."""

    part: str
    name: str
    by_consumer: dict[str, str]

    @property
    def by_expectation(self) -> list[tuple[str, list[str]]]:
        """The consumers by what they expect."""
        found: dict[str, list[str]] = {}
        for consumer, words in self.by_consumer.items():
            found.setdefault(words, []).append(consumer)
        return list(found.items())


@dataclass(frozen=True, slots=True)
class EndpointUsage:
    """What the consumers of an endpoint send, and what they read, by status."""

    endpoint: Endpoint
    consumers: list[str]
    sent: list[Usage]
    read: list[tuple[int, list[Usage]]]


def usage_of(endpoint: Endpoint) -> EndpointUsage:
    """Which consumer uses which fields of an endpoint."""
    sent: dict[tuple[str, str], dict[str, list[str]]] = {}
    read: dict[int, dict[tuple[str, str], dict[str, list[str]]]] = {}
    for interaction in endpoint.interactions:
        recorded, consumer = interaction.interaction, interaction.consumer
        for field in request_fields(recorded.request):
            _note(sent, field, consumer)
        answered = read.setdefault(interaction.response.status, {})
        for field in response_fields(recorded.response):
            _note(answered, field, consumer)
    consumers = sorted({interaction.consumer for interaction in endpoint.interactions})
    statuses = [(status, _usages(fields)) for status, fields in sorted(read.items())]
    return EndpointUsage(endpoint, consumers, _usages(sent), statuses)


def _note(known: dict[tuple[str, str], dict[str, list[str]]], field: Field, consumer: str) -> None:
    words = known.setdefault((field.part, field.name), {}).setdefault(consumer, [])
    if field.expectation not in words and len(words) < _WORDS:
        words.append(field.expectation)


_WORDS = 5  # different expectations of one consumer that are told


def _usages(known: dict[tuple[str, str], dict[str, list[str]]]) -> list[Usage]:
    order = {"query": 0, "header": 1, "body": 2}
    return [
        Usage(part, name, {consumer: "; or ".join(words) for consumer, words in its.items()})
        for (part, name), its in sorted(known.items(), key=lambda item: order[item[0][0]])
    ]
