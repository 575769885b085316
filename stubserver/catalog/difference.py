"""What differs between two pact documents, interaction by interaction, as people read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from matching.json_text import dump_json
from stubserver.catalog.contract import identity_of, specification_of

_LONGEST = 160  # characters of a value that are shown
_MOST = 200  # lines


def difference(earlier: Mapping[str, Any], later: Mapping[str, Any], most: int = _MOST) -> str:
    """Lines that tell which interactions were added, removed and changed, and what changed in them: `-` the earlier,
    `+` the later.
    """
    lines: list[str] = []
    for line in _lines(earlier, later):
        if len(lines) == most:
            lines.append("…")
            break
        lines.append(line)
    return "\n".join(lines)


def _lines(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> Iterator[str]:
    for key in ("interactions", "messages"):
        before, after = earlier.get(key) or [], later.get(key) or []
        if _is_list_of_objects(before) and _is_list_of_objects(after):
            yield from _of_lists(before, after)
        else:
            yield from _changes(key, before, after)
    yield from _changes("specification", specification_of(earlier), specification_of(later))


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _of_lists(earlier: Any, later: Any) -> Iterator[str]:
    before, after = _by_identity(earlier), _by_identity(later)
    for identity, (name, item) in before.items():
        if identity not in after:
            yield f"- {name}"
        elif (changes := list(_changes("", item, after[identity][1]))) != []:
            yield f"  {name}"
            yield from changes
    for identity, (name, _) in after.items():
        if identity not in before:
            yield f"+ {name}"


def _by_identity(items: Any) -> dict[tuple[bytes, int], tuple[str, Any]]:
    found: dict[tuple[bytes, int], tuple[str, Any]] = {}
    numbers: Counter[bytes] = Counter()  # several may have the same description and states
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            identity = identity_of(item)
            found[identity, numbers[identity]] = (_name(item), item)
            numbers[identity] += 1
    return found


def _name(interaction: Mapping[str, Any]) -> str:
    states = interaction.get("providerStates")
    names = [state.get("name") for state in states if isinstance(state, dict)] if isinstance(states, list) else []
    names = names or [state for state in (interaction.get("providerState"),) if isinstance(state, str)]
    given = f" (given {', '.join(map(str, names))})" if names else ""
    return f"{interaction.get('description')}{given}"


def _changes(path: str, before: Any, after: Any) -> Iterator[str]:
    """The places in which two values differ, walked without the call stack."""
    todo = [(path, before, after)]
    while todo:
        path, before, after = todo.pop()
        if isinstance(before, dict) and isinstance(after, dict):
            keys = [*before, *(key for key in after if key not in before)]
            todo += [
                (f"{path}.{key}" if path else str(key), before.get(key, _ABSENT), after.get(key, _ABSENT))
                for key in reversed(keys)
                if path or key != "_id"  # that of the interaction is ours
            ]
        elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            pairs = list(enumerate(zip(before, after, strict=True)))
            todo += [(f"{path}[{place}]", one, other) for place, (one, other) in reversed(pairs)]
        elif type(before) is not type(after) or before != after:
            if before is not _ABSENT:
                yield f"    - {path}: {_shown(before)}"
            if after is not _ABSENT:
                yield f"    + {path}: {_shown(after)}"


_ABSENT = object()


def _shown(value: Any) -> str:
    text = dump_json(value).decode("utf-8", "replace")
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
