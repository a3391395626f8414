"""Strategies for what a mad device, a broken gateway or an attacker publishes."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.unit.models.messages import EXAMPLES, STATUS_TOPIC

_MOMENTS = [
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-14:00",
    "9999-12-31T24:00:00Z",
    "0000-00-00T00:00:00Z",
    "2025-06-01T12:00:00+99:99",
    "2025-06-01T12:00:60Z",
    "2025-02-30T12:00:00Z",
    "2025-06-01T12:00:00.1234567890123Z",
    "-2025-06-01T12:00:00Z",
    "1e400",
    "",
]
NUMBERS = [
    0,
    -1,
    2**31,
    2**63,
    -(2**63),
    2**64,
    10**30,
    -(10**400),
    10**4000,
    253402300800,
    253402300799999,
    -62135596801,
    1e308,
    -0.0,
    5e-324,
    float("nan"),
    float("inf"),
    float("-inf"),
]
TEXTS = ["\x00", "a\x00b", "\ud800", "\udfff\ud800", "\x1b[2J", "x" * 250_000, "\u202e", "'; --"]

scalars = (
    st.sampled_from([None, True, False, *NUMBERS, *TEXTS, *_MOMENTS])
    | st.text(st.characters(), max_size=20)
    | st.integers()
    | st.floats()
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(node, dict):
        for key, child in node.items():
            yield from _paths(child, (*path, key))


def _changed(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    return node | {path[0]: _changed(node[path[0]], path[1:], value)}


def _without(node: Any, path: tuple[Any, ...]) -> Any:
    if len(path) == 1:
        return {key: child for key, child in node.items() if key != path[0]}
    return node | {path[0]: _without(node[path[0]], path[1:])}


@st.composite
def mutated(draw: st.DrawFn, payload: dict[str, Any]) -> Any:
    """A good payload with up to three of its values replaced or left out, maybe in an array."""
    changed: Any = payload
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(list(_paths(changed))))
        if path and draw(st.booleans()):
            changed = _without(changed, path)
        else:
            changed = _changed(changed, path, draw(values))
        if not isinstance(changed, dict):
            return changed
    return draw(st.sampled_from([changed, [changed], [payload, changed, payload]]))


def _as_json(value: Any) -> bytes:
    # With its escapes, so that a lone surrogate gets through to the reader.
    return json.dumps(value).encode()


NESTED = [
    b"[" * 100_000,
    b'{"VP":' * 40_000,
    b'{"observed_at":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    b"[" * 150 + b"]" * 150,
    b"[" + b"0," * 9_999 + b"0]",
    b"[" + b"{}," * 3_000 + b"[]]",
    b"{" + b",".join(b'"%d":0' % number for number in range(5_000)) + b"}",
    b"9" * 100_000,
    b'"' + b"\\u0000" * 40_000 + b'"',
]
RAW = [b"", b" ", b"[", b"{", b"null", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\x00" * 10]


@st.composite
def _bytes_changed(draw: st.DrawFn, payload: bytes) -> bytes:
    at = draw(st.integers(0, len(payload)))
    upto = draw(st.integers(at, min(len(payload), at + 8)))
    return payload[:at] + draw(st.binary(max_size=8)) + payload[upto:]


def _payloads(payload: dict[str, Any]) -> st.SearchStrategy[bytes]:
    return (
        mutated(payload).map(_as_json)
        | mutated(payload).map(_as_json).flatmap(lambda raw: _bytes_changed(raw[:2_000]))
        | values.map(_as_json)
        | st.sampled_from(NESTED + RAW)
        | st.binary(max_size=200)
    )


_levels = st.sampled_from(
    ["fleet", "", "hfp", "v2", "owntracks", "traccar", "positions", "position", "status", "00678"]
) | st.text(max_size=8)
_topics = (
    st.sampled_from([example.topic.encode() for example in EXAMPLES] + [STATUS_TOPIC.encode()])
    | st.lists(_levels, max_size=12).map(lambda levels: "/".join(levels).encode())
    | st.binary(max_size=80)
    | st.sampled_from([b"fleet/" + b"x" * 60_000, b"/hfp/v2/" + b"/" * 60_000, b"owntracks/\xff/1"])
)

aimed = st.sampled_from(EXAMPLES).flatmap(
    lambda example: st.tuples(st.just(example.topic.encode()), _payloads(example.payload))
)
"""A topic that is known, with a payload that has gone wrong on the way."""

anything = st.tuples(
    _topics, st.sampled_from(EXAMPLES).flatmap(lambda example: _payloads(example.payload))
)
"""Any topic with any payload."""
