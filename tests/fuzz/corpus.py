"""Garbage that grows from good messages: what is answered in a new way becomes a seed itself."""

import json
import random
import re
from collections.abc import Callable, Sequence

from models.decode import FORMATS, Decoded
from tests.unit.models.hostile import NESTED, NUMBERS, RAW, TEXTS
from tests.unit.models.messages import EXAMPLES, STATUS_TOPIC

MAX_SEEDS = 5_000
MAX_BYTES = 300_000
"""Beyond the decoder's own bound: that has to be met, too."""
LARGE_SHARE = 0.002
"""Of all messages; a few of 250 KB are enough, and a million of them is 250 GB."""
LARGE_BYTES = 4_096

Message = tuple[bytes, bytes]

TOPICS = (
    *(example.topic.encode() for example in EXAMPLES),
    STATUS_TOPIC.encode(),
    b"fleet/op/1/position",
    b"fleet/\xff/1/position",
    b"fleet/op/1",
    "fleet/\ufeffop/\U0001f68c/position".encode(),
    b"/hfp/v2/" + b"/" * 300,
    b"owntracks//1",
    b"fleet/" + b"x" * 60_000,
)

_TOKENS = (
    *(json.dumps(number).encode() for number in NUMBERS),
    *(json.dumps(text).encode() for text in TEXTS if len(text) < LARGE_BYTES),
    *b'[ ] { } , : null true false " \\u0000 \\ud800 1e999 -0 NaN Infinity \xff \x00'.split(b" "),
    b'"observed_at":',
    b'"tst":',
    b'"latitude":',
    b'"equipment":',
    b'"valid":',
    b'"deviceTime":',
    b'"20261126071260"',
    b'"2026-11-26T07:12:60Z"',
)


class Corpus:
    """Makes messages from seeds, and learns from what the decoder says to them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._seeds: list[Message] = [
            *(
                (example.topic.encode(), json.dumps(example.payload).encode())
                for example in EXAMPLES
            ),
            *((TOPICS[0], json.dumps([example.payload] * 3).encode()) for example in EXAMPLES),
            *(
                (example.topic.encode(), example.payload.encode())
                for wire_format in FORMATS
                for example in wire_format.examples
            ),
            (STATUS_TOPIC.encode(), b"online"),
            *((TOPICS[0], raw) for raw in RAW),
        ]
        self._good = len(self._seeds)
        self._large = [payload for payload in NESTED if len(payload) >= LARGE_BYTES]
        self._large += [b"x" * MAX_BYTES, b"[" + b"0," * 9_999 + b"0]", b" " * 262_145]
        self._signatures: set[str] = set()
        self._mutations: Sequence[Callable[[bytes], bytes]] = (
            self._replaced,
            self._replaced,
            self._cut,
            self._doubled,
            self._with_token,
            self._with_token,
            self._with_token,
            self._crossed,
            self._in_array,
        )

    @property
    def seeds(self) -> int:
        """How many there are."""
        return len(self._seeds)

    def message(self) -> Message:
        """Make the next message."""
        # Half begin with what is good: garbage of garbage is rejected at its first byte.
        among = self._seeds[: self._good] if self._random.random() < 0.5 else self._seeds
        topic, payload = self._random.choice(among)
        if self._random.random() < LARGE_SHARE:
            return topic, self._random.choice(self._large)
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 4))):
            payload = self._random.choice(self._mutations)(payload)
        return self._topic(topic), payload[:LARGE_BYTES]

    def learn(self, message: Message, decoded: Decoded) -> None:
        """Keep a message as a seed if it was answered as none before it."""
        signature = _signature(decoded)
        if signature not in self._signatures and len(self._seeds) < MAX_SEEDS:
            self._signatures.add(signature)
            if len(message[1]) <= LARGE_BYTES:
                self._seeds.append(message)

    def _topic(self, topic: bytes) -> bytes:
        choice = self._random.random()
        if choice < 0.8:
            return topic
        return self._random.choice(TOPICS) if choice < 0.95 else self._replaced(topic)

    def _place(self, data: bytes) -> int:
        return self._random.randint(0, len(data))

    def _replaced(self, data: bytes) -> bytes:
        at = self._place(data)
        upto = at + self._random.randint(0, 4)
        return data[:at] + self._random.randbytes(self._random.randint(0, 4)) + data[upto:]

    def _cut(self, data: bytes) -> bytes:
        first, last = sorted((self._place(data), self._place(data)))
        return data[:first] + data[last:]

    def _doubled(self, data: bytes) -> bytes:
        first, last = sorted((self._place(data), self._place(data)))
        return data[:last] + data[first:]

    def _with_token(self, data: bytes) -> bytes:
        # In place of a value, if there is one: what follows a colon up to the next comma or brace.
        token = self._random.choice(_TOKENS)
        values = list(re.finditer(rb":[^,{}\[\]]*", data))
        if not values:
            at = self._place(data)
            return data[:at] + token + data[at:]
        value = self._random.choice(values)
        return data[: value.start() + 1] + token + data[value.end() :]

    def _crossed(self, data: bytes) -> bytes:
        _, other = self._random.choice(self._seeds)
        return data[: self._place(data)] + other[self._place(other) :]

    def _in_array(self, data: bytes) -> bytes:
        _, other = self._random.choice(self._seeds)
        return b"[" + data + b"," + other + b"]"


def _signature(decoded: Decoded) -> str:
    reasons = {(rejection.reason, _words(rejection.detail)) for rejection in decoded.rejections}
    shapes = {
        tuple(
            part is None
            for report in decoded.reports
            for part in (*(report.fix or (None,)), report.equipment or None, report.sent_at)
        )
    }
    return f"{sorted(reasons)}{sorted(shapes)}{min(decoded.unknown_equipment, 2)}"


def _words(detail: str) -> str:
    return re.sub(r"[^a-z ]+", "", detail.lower())[:60]
