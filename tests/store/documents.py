"""Random pact documents, whole and hostile."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0.0, -0.0, 1.0, 1e16, 1e-7])
    | st.sampled_from(["", "a", "é"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "é", "💥"]), inner, max_size=3)
    ),
    max_leaves=6,
)
INTERACTIONS = st.fixed_dictionaries(
    {"description": st.sampled_from(["get", "put", "give"]), "request": VALUES, "response": VALUES},
    optional={
        "type": st.sampled_from(["Synchronous/HTTP", "Asynchronous/Messages"]),
        "providerStates": st.lists(st.fixed_dictionaries({"name": st.sampled_from(["s", "t"])}), max_size=2),
        "providerState": st.sampled_from(["s", "t"]),
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {"interactions": st.lists(INTERACTIONS, max_size=4)},
    optional={
        "messages": st.lists(INTERACTIONS, max_size=2),
        "metadata": st.fixed_dictionaries(
            {"pactSpecification": st.fixed_dictionaries({"version": st.sampled_from("34")})}
        ),
    },
)
HOSTILE = st.dictionaries(
    st.sampled_from(["interactions", "messages", "metadata", "consumer", "provider", "_links", "x"]),
    ANY_JSON
    | st.lists(
        st.dictionaries(
            st.sampled_from(["description", "providerState", "providerStates", "type", "_id", "request"]), ANY_JSON
        )
    ),
)


def text_of(value: Any) -> str:
    """A JSON text that is the same for the same value, whatever the order of its keys."""
    return json.dumps(value, sort_keys=True)
