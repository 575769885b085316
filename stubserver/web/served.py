"""What the stub door keeps for the snapshot that it serves, and the header lines of what it answers with."""

from __future__ import annotations

from dataclasses import dataclass, field

from multidict import CIMultiDict

from matching import CompiledInteraction, ResponseTemplate
from stubserver.catalog import Decisions, Epoch, HotCache
from stubserver.web.addressing import AddressBook
from stubserver.web.answer import Answer
from stubserver.web.problems import SERVER
from stubserver.web.wire import description_text


@dataclass(frozen=True, slots=True)
class Served:
    """What belongs to one snapshot of loaded pacts and one epoch of published ones. A request that has begun finishes
    with those it began with.

    Two levels of the hot cache belong to it. `replay` has answers by the bytes of whole requests: parsing depends on
    nothing but the bytes, and an answer on nothing but the request and what is served. `decisions` has what was decided
    on bodies, whatever other headers came with them.
    """

    book: AddressBook
    epoch: Epoch | None
    replay: HotCache[Answer]
    decisions: Decisions
    echoing: dict[CompiledInteraction, ResponseTemplate | None] = field(default_factory=dict)  # templates with echo
    mark: object = field(default_factory=object)  # what is kept with requests, which may be kept for longer
    is_behind: bool = False  # something changed that has to be known before anyone is answered


def ready_headers(interaction: CompiledInteraction) -> CIMultiDict[str]:
    """The header lines of an interaction's answer: as recorded, then ours."""
    headers = CIMultiDict(interaction.response.headers)
    headers["X-Stub-Match"] = "exact"
    headers["X-Stub-Interaction"] = f"{interaction.id} {description_text(interaction.interaction.description)}"
    headers.setdefault("Server", SERVER)
    return headers
