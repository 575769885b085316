"""The values of one name (a query parameter, a header, a field of a form) under the rules of that name."""

from __future__ import annotations

from collections.abc import Iterator

from matching.matchers import TEXT_RULES, AnyText, Matcher, RuleError, compile_rules
from matching.model import MatchingRule, RuleList, Variant


class Count:
    """How many values a query parameter or header may have: all of these bounds, or any one of them."""

    __slots__ = ("_any", "_bounds")

    def __init__(self, bounds: list[tuple[int, int | None]], *, any_suffices: bool) -> None:
        self._bounds = bounds
        self._any = any_suffices

    def matches(self, count: int) -> bool:
        hold = (least <= count and (most is None or count <= most) for least, most in self._bounds)
        return any(hold) if self._any else all(hold)

    def explain(self, count: int) -> str | None:
        if self.matches(count):
            return None
        wanted = (" or " if self._any else " and ").join(
            f"exactly {least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
            for least, most in self._bounds
        )
        return f"expected {wanted} values but received {count}"


def compile_count(rules: RuleList, recorded: int) -> Count | None:
    """The bounds that rules put on the number of values; None when there are none."""
    bounds: list[tuple[int, int | None]] = []
    for rule in rules.rules:
        least, most = rule.attributes.get("min"), rule.attributes.get("max")
        if rule.name == "equality":
            bounds.append((recorded, recorded))
        elif rule.name == "type" and (least is not None or most is not None):
            bounds.append((least or 0, most))
        elif rules.any_suffices:
            return None  # an alternative for any number of values
    return Count(bounds, any_suffices=rules.any_suffices) if bounds else None


class Each:
    """Values under rules, one by one; those beyond the recorded ones are held against the first."""

    __slots__ = ("_contained", "_count", "_matchers")

    def __init__(self, matchers: tuple[Matcher, ...], count: Count | None, contained: tuple[Matcher, ...] = ()) -> None:
        self._matchers = matchers
        self._count = count
        self._contained = contained  # what some value or other has to pass

    def _matcher(self, index: int) -> Matcher:
        return self._matchers[index] if index < len(self._matchers) else self._matchers[0]

    def matches(self, values: list[str], *, counted: bool = True) -> bool:
        if counted and self._count is not None and not self._count.matches(len(values)):
            return False
        if not all(self._matcher(index).matches(value) for index, value in enumerate(values)):
            return False
        return all(any(map(wanted.matches, values)) for wanted in self._contained)

    def explain(self, values: list[str], *, counted: bool = True) -> Iterator[tuple[str, str | int, str]]:
        """(rule, what came, why it does not pass) for each difference."""
        if counted and self._count is not None and (reason := self._count.explain(len(values))) is not None:
            yield self._matchers[0].rule, len(values), reason
        for index, value in enumerate(values):
            matcher = self._matcher(index)
            reason = matcher.explain(value)
            if reason is not None:
                yield matcher.rule, value, reason
        for wanted in self._contained:
            reasons = [wanted.explain(value) for value in values]
            if all(reasons):
                yield "arrayContains", ", ".join(values), f"None of the values is as recorded: {reasons[0]}"


class AnyEach:
    """Alternatives for all values of a name together."""

    __slots__ = ("_alternatives",)

    def __init__(self, alternatives: tuple[Each, ...]) -> None:
        self._alternatives = alternatives

    def matches(self, values: list[str], *, counted: bool = True) -> bool:
        return any(each.matches(values, counted=counted) for each in self._alternatives)

    def explain(self, values: list[str], *, counted: bool = True) -> Iterator[tuple[str, str | int, str]]:
        """(rule, what came, why it does not pass) for each difference from the first alternative, if none holds."""
        if not self.matches(values, counted=counted):
            yield from self._alternatives[0].explain(values, counted=counted)


# Rules about all values of a name together.
_WHOLE_RULES = frozenset({"eachValue", "arrayContains"})


def compile_each(values: list[str], rules: RuleList) -> Each | AnyEach:
    """Compile recorded values under the rules of their name. Raises RuleError."""
    whole = [rule for rule in rules.rules if rule.name in _WHOLE_RULES]
    if whole and rules.any_suffices:
        alternatives = (RuleList((rule,), pointer=rules.pointer) for rule in rules.rules)
        return AnyEach(tuple(_compile_all(values, alternative) for alternative in alternatives))
    return _compile_all(values, rules)


def _compile_all(values: list[str], rules: RuleList) -> Each:
    """Values under rules that all have to hold, but for those about single values when any of them suffices."""
    for rule in rules.rules:
        if rule.name == "eachValue" and not rule.rules:
            raise RuleError("an eachValue rule needs rules for the values", rules.pointer)
        for variant in rule.variants:
            if variant.index >= len(values):
                raise RuleError(f"variant {variant.index} of arrayContains has no recorded value", rules.pointer)
    inner = tuple(rule for outer in rules.rules if outer.name == "eachValue" for rule in outer.rules)
    kept = tuple(rule for rule in rules.rules if rule.name not in ("eachValue", "arrayContains")) + inner
    contained = tuple(
        compile_rules(_rules_of(variant), values[variant.index], TEXT_RULES)
        for rule in rules.rules
        if rule.name == "arrayContains"
        for variant in rule.variants or tuple(Variant(index, ()) for index in range(len(values)))
    )
    if not kept:
        return Each((AnyText(),), None, contained)
    own = RuleList(kept, rules.any_suffices, rules.pointer)
    matchers = tuple(compile_rules(own, value, TEXT_RULES) for value in values or [""])
    return Each(matchers, compile_count(rules, len(values)), contained)


def _rules_of(variant: Variant) -> RuleList:
    """The rules of a variant whose item is a text."""
    return next((rules for path, rules in variant.rules if not path), _EQUALITY)


_EQUALITY = RuleList((MatchingRule("equality"),))
