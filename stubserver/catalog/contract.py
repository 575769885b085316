"""A pact document as it is published: read, named, and made ready to be stored.

Two documents are the same contract when consumer, provider, interactions, messages and specification version are the
same, whatever the order of keys and interactions: what a client writes beside them (its own version) does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from matching.json_text import JsonError, dump_json, parse_object
from stubserver.errors import StubServerError

_OURS = ("createdAt", "_links", "_embedded")  # what answers add to a pact, and clients may send back
LISTS = ("interactions", "messages")


class ContractError(StubServerError):
    """A document that cannot be published."""

    status = 400
    title = "Bad pact"
    slug = "bad-pact"


@dataclass(frozen=True, slots=True)
class Contract:
    """A pact document ready to be stored: `content` is what is served, `sha` names it. `merges` says that it is to be
    added to what its version has already.
    """

    consumer: str
    provider: str
    document: dict[str, Any]
    sha: str
    content: bytes
    merges: bool = False


def read_document(content: bytes) -> dict[str, Any]:
    """The document in these bytes. Raises ContractError."""
    try:
        return parse_object(content)
    except JsonError as error:
        raise ContractError(f"the pact {error}", "send the pact file as it is") from None


def name_in(document: Mapping[str, Any], role: str) -> str | None:
    """The name of the consumer or provider that a document gives, if it gives one."""
    entry = document.get(role)
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else None


def contract_of(document: Mapping[str, Any], consumer: str, provider: str, *, merges: bool = False) -> Contract:
    """A document as the contract of these two."""
    ready = {key: value for key, value in document.items() if key not in _OURS}
    for role, name in (("consumer", consumer), ("provider", provider)):
        if name_in(ready, role) is None:
            entry = ready.get(role)
            ready[role] = {**(entry if isinstance(entry, dict) else {}), "name": name}
    for key in LISTS:
        if isinstance(ready.get(key), list):
            ready[key] = [_with_id(item) for item in ready[key]]
    return Contract(consumer, provider, ready, _sha_of(ready, consumer, provider), dump_json(ready), merges)


def _sha_of(document: Mapping[str, Any], consumer: str, provider: str) -> str:
    """The SHA-256, in hexadecimal, of what makes up a contract."""
    identity: list[Any] = [[_canonical([consumer, provider])]]
    for key in LISTS:
        items = [] if document.get(key) is None else document[key]
        # A list that is empty says no more than one that is not there.
        identity.append(sorted(map(_canonical, items)) if isinstance(items, list) else [b"=" + _canonical(items)])
    identity.append([_canonical(specification_of(document))])
    digest = hashlib.sha256()
    for part in identity:
        for item in part:
            digest.update(item + b"\n")
        digest.update(b"\n")
    return digest.hexdigest()


def merged(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """A document with the interactions of a later one added, or put in place of those with the same description and
    provider state.
    """
    result = {**earlier, **{key: value for key, value in later.items() if key not in LISTS}}
    for key in LISTS:
        items = interactions_in(earlier, key)
        places: dict[bytes, list[int]] = {}
        for place, item in enumerate(items):
            places.setdefault(identity_of(item), []).append(place)
        for item in interactions_in(later, key):
            if its := places.get(identity_of(item)):
                items[its.pop(0)] = item
            else:
                items.append(item)
        if items or key in result:
            result[key] = items
    return result


def interactions_in(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """What of one of the lists of a document can be an interaction or message."""
    items = document.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def identity_of(interaction: Mapping[str, Any], *further: str) -> bytes:
    """What tells an interaction from the others of its contract: description, provider states, and further members."""
    states = interaction.get("providerStates") or interaction.get("providerState") or interaction.get("provider_state")
    its = [interaction.get(name) for name in ("type", "description", *further)]
    return _canonical([states, *its])


def _with_id(interaction: Any) -> Any:
    if not isinstance(interaction, dict):
        return interaction
    digest = hashlib.sha256(_canonical(interaction)).hexdigest()[:40]
    return {"_id": digest, **{key: value for key, value in interaction.items() if key != "_id"}}


def _canonical(value: Any) -> bytes:
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if key != "_id"}
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits
        return dump_json(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def specification_of(document: Mapping[str, Any]) -> Any:
    """The version of the specification that a document says it follows; None where it says nothing."""
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return None
    for key in ("pactSpecification", "pact-specification"):
        entry = metadata.get(key)
        if isinstance(entry, dict) and "version" in entry:
            return entry["version"]
    return metadata.get("pactSpecificationVersion")
