"""JSONPath queries over interactions: which contracts mention a field, a path, a value's place."""

from __future__ import annotations

import itertools
from typing import Any

from jsonpath_ng import jsonpath
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.parser import parse

from matching.mismatch import shortened
from stubserver.errors import BadRequestError

_LONGEST = 200  # characters
_MOST_HITS = 20  # per interaction
_STEPS = (jsonpath.Root, jsonpath.This, jsonpath.Fields, jsonpath.Index, jsonpath.Slice, jsonpath.Wildcard)


class JsonPathQuery:
    """One parsed JSONPath, such as `$.response.body..currency`.

    Steps, wildcards, slices and one `..` are taken: what those can find is bounded by the size of the document.
    """

    def __init__(self, expression: str) -> None:
        """Raises BadRequestError for what is not JSONPath or could find more than the document holds."""
        if len(expression) > _LONGEST:
            raise BadRequestError(f"the JSONPath is longer than {_LONGEST} characters", "ask for less at once")
        if "|" in expression or "&" in expression:
            raise BadRequestError("the operators | and & are not taken", "ask one by one")
        try:
            self._path = parse(expression)
        except (JSONPathError, ValueError, RecursionError) as error:
            cure = "write it like $.response.body..currency"
            raise BadRequestError(f"{expression!r} is not a JSONPath: {error}", cure) from None
        _demand_bounded(self._path)

    def find(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        """What the query finds in a document: `{"path", "value"}` for each, long values shortened, at most twenty."""
        return [
            {"path": str(hit.full_path), "value": shortened(hit.value)}
            for hit in itertools.islice(self._path.find(document), _MOST_HITS)
        ]


def _demand_bounded(path: jsonpath.JSONPath) -> None:
    descents, todo = 0, [path]
    while todo:
        step = todo.pop()
        if isinstance(step, (jsonpath.Child, jsonpath.Descendants)):
            descents += isinstance(step, jsonpath.Descendants)
            todo += [step.left, step.right]
        elif not isinstance(step, _STEPS):
            raise BadRequestError("only steps, wildcards, slices and .. are taken", "leave operators out")
    if descents > 1:
        raise BadRequestError("more than one .. in a JSONPath is not taken", "name the steps between them")
