"""The comparison: random cases judged by both cores, each disagreement explained by a known difference or minimised."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.oracle.cases import Case, Sent, all_matchers
from tests.oracle.generate import KINDS, generate
from tests.oracle.judges import CONTRADICTION, Alteration, Disagreement, Judges
from tests.oracle.known import explanation
from tests.oracle.minimise import minimise
from tests.oracle.rust import RustCore

MINIMISED = 20  # disagreements of a run that are made small


@dataclass
class Report:
    """What a run found."""

    comparisons: Counter[str] = field(default_factory=Counter)
    matches: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    not_served: Counter[str] = field(default_factory=Counter)
    no_verdict: Counter[str] = field(default_factory=Counter)
    contradictions: list[str] = field(default_factory=list)
    unexplained: list[Disagreement] = field(default_factory=list)
    readable: list[str] = field(default_factory=list)
    restarts: int = 0

    @property
    def agreements(self) -> int:
        """How many comparisons gave the same verdict twice."""
        return self.comparisons.total() - self.named.total() - len(self.unexplained)

    @property
    def is_clean(self) -> bool:
        """Whether every disagreement has a name and our own answers agree."""
        return not self.unexplained and not self.contradictions

    def __str__(self) -> str:
        total, matched = self.comparisons.total(), self.matches.total()
        lines = [
            f"{total} comparisons, {matched} matches ({_share(matched, total)}), {self.agreements} agreements, "
            f"{self.named.total()} named differences, {len(self.unexplained)} unexplained, "
            f"{len(self.contradictions)} contradictions; {self.restarts} restarts of the Rust core"
        ]
        lines += [
            f"  {kind}: {count} comparisons, {_share(self.matches[kind], count)} matches"
            for kind, count in self.comparisons.items()
        ]
        for title, counted in (
            ("named difference", self.named),
            ("not served", self.not_served),
            ("no verdict of the Rust core", self.no_verdict),
        ):
            lines += [f"  {title}: {count} × {name}" for name, count in counted.most_common()]
        lines += [f"  {text}" for text in self.contradictions[:MINIMISED]]
        return "\n".join([*lines, *self.readable])


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


Progress = Callable[[Report], None]


def run(
    count: int,
    seed: int,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    alteration: Alteration | None = None,
    minimised: int = MINIMISED,
    progress: Progress | None = None,
) -> Report:
    """Compare `count` verdicts on cases of the given kinds in turn. A seed gives the same cases again."""
    report = Report()
    sources = {kind: random.Random(f"{seed} {kind}") for kind in kinds}
    asked = 0
    with RustCore() as rust:
        judges = Judges(rust, alteration)
        while asked < count:
            for kind, source in sources.items():
                case = generate(source, kind)
                asked += len(case.sent)
                compare(case, judges, report)
            if progress is not None:
                progress(report)
        report.readable = _readable(report.unexplained, judges, minimised)
        report.restarts = rust.restarts
    return report


def compare(case: Case, judges: Judges, report: Report) -> None:
    """Judge the requests of one case and enter the outcome in the report."""
    ours = judges.ours(case)
    if ours[0].matched is None:
        report.not_served[f"{case.kind}: {'; '.join(ours[0].reasons)}"] += len(case.sent)
        return
    for sent, rust, our in zip(case.sent, judges.rust.verdicts(case), ours, strict=True):
        if rust.matched is None:
            report.no_verdict["; ".join(rust.reasons)[:120]] += 1
            continue
        report.comparisons[case.kind] += 1
        report.matches[case.kind] += rust.matched
        if our.reasons and our.reasons[0].startswith(CONTRADICTION):
            report.contradictions.append(f"{our.reasons[0]}: {case.document().decode()} {sent.described()}")
        if our.matched is not None and rust.matched != our.matched:
            found = Disagreement(case.alone(sent), sent, rust.matched, our.matched, our.reasons)
            name = explanation(found, judges)
            if name is not None:
                report.named[name] += 1
            else:
                report.unexplained.append(found)


def _readable(found: list[Disagreement], judges: Judges, most: int) -> list[str]:
    """The unexplained disagreements made small, those of the same making counted."""
    made: dict[str, Disagreement] = {}
    times: Counter[str] = Counter()
    for disagreement in found:
        making = _making(judges.explained(disagreement))
        made.setdefault(making, disagreement)
        times[making] += 1
    texts = []
    for making, count in times.most_common(most):
        small = minimise(made[making], lambda smaller: _still(smaller, judges))
        texts.append(f"{judges.explained(small).described()}\n  ({count} like this)")
    return texts


def _making(found: Disagreement) -> str:
    """What disagreements of one kind have in common: rules and reasons without the values in them."""
    rules = sorted({matcher["match"] for matcher in all_matchers(found.case.recorded.get("matchingRules"))})
    reasons = [re.sub(r"'[^']*'|\"[^\"]*\"|\S*\d\S*|\$\S*|\[.*\]|\{.*\}", "…", reason) for reason in found.rust_reasons]
    return f"{found.rust} {rules} {sorted(set(reasons))}"


def _still(found: Disagreement, judges: Judges) -> bool:
    """Whether a smaller case is still the same disagreement, and still without a name."""
    return judges.pair(found.case, found.sent) == (found.rust, found.ours) and explanation(found, judges) is None


def judge_one(case: Case, sent: Sent, judges: Judges) -> tuple[bool | None, bool | None, str | None]:
    """Both verdicts on one request and, when they differ, the name of the difference."""
    rust, ours = judges.pair(case, sent)
    if rust is None or ours is None or rust == ours:
        return rust, ours, None
    return rust, ours, explanation(Disagreement(case.alone(sent), sent, rust, ours), judges)
