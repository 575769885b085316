"""The two judges side by side: the matching core, each of its answers held against the others, and the Rust core."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from matching import Index, Match, PactError, find, load_pact
from tests.oracle.cases import Case, Sent, Verdict
from tests.oracle.rust import RustCore

Alteration = Callable[[Case], Case]


def our_verdicts(case: Case) -> list[Verdict]:
    """One verdict for each request of a case; none, with the reason, when the interaction is not served."""
    try:
        pact = load_pact(case.document())
    except PactError as error:
        return [Verdict(None, (f"not loaded: {error}",))] * len(case.sent)
    if not pact.interactions:
        reason = "; ".join(skipped.reason for skipped in pact.skipped)
        return [Verdict(None, (_general(reason),))] * len(case.sent)
    (interaction,) = pact.interactions
    index = Index(pact.interactions)
    verdicts = []
    for sent in case.sent:
        matched = interaction.matches(sent.fresh())
        mismatches = interaction.explain(sent.fresh())
        reasons = tuple(f"{mismatch.part.value} {mismatch.path}: {mismatch.message}" for mismatch in mismatches)
        found = isinstance(find(index, sent.fresh()), Match)
        if not matched == (not reasons) == found:
            reasons = (f"{CONTRADICTION}: matches {matched}, find {found}, explain {reasons}",)
        verdicts.append(Verdict(matched, reasons))
    return verdicts


CONTRADICTION = "matches, find and explain contradict each other"


def _general(reason: str) -> str:
    """A reason without the particulars of its pact, so that equal ones can be counted."""
    return re.sub(r"the regular expression \".*\" cannot", "the regular expression … cannot", reason)


@dataclass(frozen=True)
class Disagreement:
    """One request on which the cores disagree."""

    case: Case
    sent: Sent
    rust: bool
    ours: bool
    our_reasons: tuple[str, ...] = ()
    rust_reasons: tuple[str, ...] = ()

    def described(self) -> str:
        """The case as a few readable lines."""
        recorded = dict(self.case.recorded)
        rules = recorded.pop("matchingRules", {})
        says = {True: "match", False: "no match"}
        lines = [
            f"{self.case.kind} {self.case.version}: Rust says {says[self.rust]}, we say {says[self.ours]}",
            f"  recorded {json.dumps(recorded, ensure_ascii=False)}",
            f"  rules    {json.dumps(rules, ensure_ascii=False)}",
            f"  sent     {self.sent.described()}",
        ]
        lines += [f"  ours     {reason}" for reason in self.our_reasons]
        lines += [f"  Rust     {reason}" for reason in self.rust_reasons]
        return "\n".join(lines)


@dataclass
class Judges:
    """Both cores. Ours may be given an altered pact, to see that this is noticed."""

    rust: RustCore
    alteration: Alteration | None = field(default=None)

    def ours(self, case: Case) -> list[Verdict]:
        """Our verdicts."""
        return our_verdicts(self.alteration(case) if self.alteration else case)

    def pair(self, case: Case, sent: Sent) -> tuple[bool | None, bool | None]:
        """The verdicts of the Rust core and of ours on one request."""
        ours = self.ours(case.alone(sent))[0].matched
        return (None if ours is None else self.rust.verdict(case, sent)), ours

    def agree(self, case: Case, sent: Sent) -> bool:
        """Whether both say the same."""
        rust, ours = self.pair(case, sent)
        return rust is not None and rust == ours

    def wavers(self, case: Case, sent: Sent, times: int = 10) -> bool:
        """Whether the Rust core says now this, now that."""
        first = self.rust.verdict(case, sent)
        return any(self.rust.verdict(case, sent) != first for _ in range(times))

    def explained(self, found: Disagreement) -> Disagreement:
        """The disagreement with the reasons of both."""
        ours = self.ours(found.case.alone(found.sent))[0].reasons
        rust = self.rust.explained(found.case, found.sent).reasons
        return Disagreement(found.case, found.sent, found.rust, found.ours, ours, rust)
