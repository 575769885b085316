"""What a tree of JSON nodes decides, written out as one Python function.

Theory of operation. Walking the tree costs a call for each object and for many a leaf, and fetches nodes from all over
the memory: with thousands of interactions that is most of what a decision costs. So the decisions of the usual nodes
are written as the source of one function, which looks at the parsed body and calls nobody; the rare ones (and rules
such as regular expressions) are called as they are. Recorded values and matchers are handed to the function from
outside, so that bodies of one shape share its code, and the function itself where they demand the same. The source is
made of words and numbers that are chosen here, and of recorded keys as Python writes texts: nothing in a pact is ever
run.

The tree stays: it explains. A law in the tests holds the two together.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from matching.bodies.nodes import Array, Node, Object, Same, SizeCheck, Value

Predicate = Callable[[Any], bool]

_LONGEST = 400  # lines that are written out; what is beyond them is called
_DEEPEST = 15  # loops within each other; Python takes 20
_KIND_NAMES = {str: "str", int: "int", float: "float", bool: "bool", dict: "dict", list: "list", type(None): "NoneType"}


def compile_predicate(node: Node) -> Predicate:
    """A function that accepts exactly what `node.matches` accepts."""
    writer = _Writer()
    writer.node(node, "v0", 2)
    names = ", ".join(f"c{number}" for number in range(len(writer.constants)))
    source = "\n".join([f"def make({names}):", " def matches(v0):", *writer.lines, "  return True", " return matches"])
    return _shared(source, *writer.constants)


@functools.lru_cache(maxsize=1024)
def _shared(source: str, *constants: Any) -> Predicate:
    predicate: Predicate = _made(source)(*constants)
    return predicate


@functools.lru_cache(maxsize=1024)
def _made(source: str) -> Callable[..., Predicate]:
    names: dict[str, Any] = {"NoneType": type(None), "ABSENT": _ABSENT}
    exec(compile(source, "<predicate>", "exec"), names)  # noqa: S102  # nothing of it is a pact's, see above
    # Taken out, so that the function is no part of what it refers to: such a cycle would outlive its last user.
    make: Callable[..., Predicate] = names.pop("make")
    return make


_ABSENT = object()  # of a kind that no JSON value has


class _Writer:
    """Writes the body of a function. Every check returns when it fails, so what stands below one may rely on it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.constants: list[Any] = []
        self._variables = 0

    def node(self, node: Node, value: str, depth: int) -> None:
        """Check the variable `value` against a node, in a block that is `depth` levels deep."""
        if isinstance(node, Same) and node.is_scalar:
            kind, expected = _KIND_NAMES[type(node.example)], self._constant(node.example)
            self._refuse(f"type({value}) is not {kind} or {value} != {expected}", depth)
        elif isinstance(node, Value) and node.kinds is not None:
            self._refuse(" and ".join(f"type({value}) is not {_KIND_NAMES[kind]}" for kind in node.kinds), depth)
        elif isinstance(node, Object) and self._has_room(depth, len(node.members)):
            self._object(node, value, depth)
        elif isinstance(node, Array) and node.alike is not None and self._has_room(depth):
            self._array(node, node.alike, value, depth)
        else:
            self._refuse(f"not {self._constant(node.matches)}({value})", depth)

    def _object(self, node: Object, value: str, depth: int) -> None:
        comparison = "<" if node.extra_keys else "!="
        self._refuse(f"type({value}) is not dict or len({value}) {comparison} {len(node.members)}", depth)
        self._checks(node, value, depth)
        for key, member in node.cheap_first:
            name = self._variable()
            self.lines.append(f"{' ' * depth}{name} = {value}.get({key!r}, ABSENT)")
            if not isinstance(member, (Same, Object, Array)) and not (isinstance(member, Value) and member.kinds):
                self._refuse(f"{name} is ABSENT", depth)
            self.node(member, name, depth)

    def _array(self, node: Array, item: Node, value: str, depth: int) -> None:
        self._refuse(f"type({value}) is not list", depth)
        self._checks(node, value, depth)
        name = self._variable()
        self.lines.append(f"{' ' * depth}for {name} in {value}:")
        self.node(item, name, depth + 1)

    def _checks(self, node: Object | Array, value: str, depth: int) -> None:
        for check in node.checks:
            if isinstance(check, SizeCheck):
                upper = "" if check.most is None else f" or len({value}) > {check.most!r}"
                self._refuse(f"len({value}) < {check.least!r}{upper}", depth)
            else:
                self._refuse(f"not {self._constant(check.matches)}({value})", depth)

    def _refuse(self, condition: str, depth: int) -> None:
        self.lines.append(f"{' ' * depth}if {condition}: return False")

    def _has_room(self, depth: int, members: int = 1) -> bool:
        return len(self.lines) + 2 * members < _LONGEST and depth < _DEEPEST

    def _constant(self, value: Any) -> str:
        self.constants.append(value)
        return f"c{len(self.constants) - 1}"

    def _variable(self) -> str:
        self._variables += 1
        return f"v{self._variables}"
