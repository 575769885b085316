"""What of a pact is searched and counted."""

from __future__ import annotations

from collections.abc import Iterator

from matching import PactError, load_pact
from matching.model import Interaction, Message
from matching.parse import parse_pact
from stubserver.outline.fields import message_fields, request_fields, response_fields
from stubserver.store import Digest

_MOST = 20_000  # texts of one pact
_LONGEST = 200  # characters of one text
CHECKED = 200  # interactions that are compiled to tell whether they can be served


def digest_of(content: bytes) -> Digest:
    """The digest of a document; that of one which cannot be read is empty."""
    try:
        checked = load_pact(content, CHECKED)
        is_whole = not any(item.is_draft for item in checked.interactions)
        interactions = [item.interaction for item in checked.interactions] if is_whole else []
        pact = None if is_whole else parse_pact(content)
    except PactError:
        return Digest(0, 0, 0, ())
    found: dict[tuple[str, str], None] = {}
    for interaction in interactions if pact is None else pact.interactions:
        found.update(dict.fromkeys(_terms_of(interaction)))
        if len(found) >= _MOST:
            break
    for message in checked.messages:
        found.update(dict.fromkeys(_terms_of_message(message.message)))
        if len(found) >= _MOST:
            break
    served = sum(item.is_draft or item.refusal is None for item in checked.interactions)
    return Digest(served, len(checked.messages), len(checked.skipped), tuple(found)[:_MOST])


def _terms_of(interaction: Interaction) -> Iterator[tuple[str, str]]:
    request = interaction.request
    yield "path", _stored(f"{request.method} {request.path}")
    yield "description", _stored(interaction.description)
    for state in interaction.states:
        yield "state", _stored(state.name)
    for field in (*request_fields(request), *response_fields(interaction.response)):
        if field.name and field.name.lower() not in _COMMON:
            yield "field", _stored(field.name)


# Headers that nobody looks for, since nearly all interactions have them.
_COMMON = frozenset({"content-type", "accept", "authorization"})


def _terms_of_message(message: Message) -> Iterator[tuple[str, str]]:
    yield "description", _stored(message.description)
    for state in message.states:
        yield "state", _stored(state.name)
    for name in message_fields(message):
        yield "field", _stored(name)


def _stored(text: str) -> str:
    """A text as every database takes it."""
    return text[:_LONGEST].replace("\0", "").encode("utf-8", "replace").decode() or "?"
