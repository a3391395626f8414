"""Times in recorded payloads: all of them move alike, and not one other byte."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.decode import FORMATS, decode
from models.report import Report
from models.rules import Rules
from simulator.timestamps import EPOCH_KEYS, OBSERVED_KEYS, instant, moved, moved_within, observed
from tests.unit.models.recording import real_recordings, recorded

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Spelling(NamedTuple):
    """A moment as bytes: how it is written, so that it can be written so again."""

    moment: datetime
    fraction: str
    kind: str

    def spelled(self, shift: int = 0) -> str:
        moment = self.moment + timedelta(seconds=shift)
        seconds = (moment - EPOCH) // timedelta(seconds=1)
        match self.kind:
            case "seconds":
                return f"{seconds}{self.fraction}"
            case "milliseconds":
                return f"{seconds}{self.moment.microsecond // 1000:03}"
            case "quoted":
                return f'"{seconds}"'
            case "compact":
                return f'"{moment:%Y%m%d%H%M%S}"'
        local = moment.astimezone(timezone(timedelta(minutes=int(self.kind or 0))))
        offset = local.isoformat()[-6:] if self.kind else "Z"
        return f'"{local:%Y-%m-%dT%H:%M:%S}{self.fraction}{offset}"'


MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
FRACTIONS = st.from_regex(r"(\.[0-9]{1,9})?", fullmatch=True)
DATES = st.builds(Spelling, MOMENTS, FRACTIONS, st.sampled_from(["", "0", "180", "-570"]))
NUMBERS = st.builds(
    Spelling, MOMENTS, FRACTIONS, st.sampled_from(["seconds", "milliseconds", "quoted", "compact"])
)
SHIFTS = st.integers(-300_000_000, 300_000_000)

NOISE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_characters="@"), max_size=12),
    st.sampled_from(["2024-05-23", "09:12", 'say "2024-05-23T06:48:10Z"', "tst", "\\", '"ts":5']),
)
OTHER_KEYS = st.sampled_from(["oday", "start", "odo", 'a"b', "lat", "when", "\\"])
TIMED = st.one_of(
    st.tuples(OTHER_KEYS, DATES),
    st.tuples(st.sampled_from(sorted(key.decode() for key in EPOCH_KEYS)), DATES | NUMBERS),
)
DOCUMENTS = st.recursive(
    NOISE,
    lambda inner: st.one_of(
        st.lists(inner | DATES, max_size=4),
        st.lists(st.tuples(OTHER_KEYS, inner) | TIMED, max_size=4).map(dict),
    ),
    max_leaves=12,
)


def written(document: object, shift: int = 0, **style: object) -> bytes:
    """Return a document as JSON, its times spelled as they are meant to be."""
    times: list[str] = []

    def marked(value: object) -> object:
        match value:
            case Spelling():
                times.append(value.spelled(shift))
                return f"@{len(times) - 1}@"
            case dict():
                return {key: marked(inner) for key, inner in value.items()}
            case list():
                return [marked(inner) for inner in value]
        return value

    text = json.dumps(marked(document), **style)  # type: ignore[arg-type]
    for number, time in enumerate(times):
        text = text.replace(f'"@{number}@"', time)
    return text.encode(errors="surrogatepass")


@given(DOCUMENTS, SHIFTS, st.booleans(), st.sampled_from([None, 1]))
def test_every_time_moves_and_not_one_other_byte(
    document: object, shift: int, ascii_only: bool, indent: int | None
) -> None:
    """At any depth, in its own format and with as many digits as it had."""
    before, after = (
        written(document, by, ensure_ascii=ascii_only, indent=indent) for by in (0, shift)
    )

    assert moved_within(before, shift) == after


@given(st.lists(DATES | NUMBERS, min_size=1, max_size=6), SHIFTS)
def test_the_differences_between_observations_stay(times: list[Spelling], shift: int) -> None:
    """Read back, each is later by exactly the shift."""
    payload = written([{"tst": time, "ttarr": time} for time in times])

    moments = list(observed(payload))
    assert len(moments) == len(times)
    expected = [moment + timedelta(seconds=shift) for moment in moments]
    found = list(observed(moved_within(payload, shift)))
    assert all(
        abs(a - b) <= timedelta(microseconds=1) for a, b in zip(found, expected, strict=True)
    )


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from(
                b'"tst": "2024-05-23T06:48:10Z" 9999-12-31T23:59:59Z 0001-01-01T 00:00:00+14:00 '
                b'" \\ 1716446890 { : - 999'.split(b" ")
            ),
        )
    ).map(b"".join),
    st.integers(-(10**12), 10**12),
)
def test_any_bytes_can_be_moved(payload: bytes, shift: int) -> None:
    """Broken JSON and bytes that are not text raise nothing."""
    moved_within(payload, shift)
    list(observed(payload))
    instant(moved(payload, shift))


@pytest.mark.parametrize(
    "payload",
    [
        b'{"VP":{"oday":"2024-05-23","start":"09:12","odo":1716446890,"spd":8.030}}',
        b'{"note":"at 2024-05-23T06:48:10Z","x":"\\"2024-05-23T06:48:10Z"}',
        b'{"x":"tst","y":1716446890,"wtst":1716446890}',
        b'{"tst":null,"ts":"soon","observed_at":"2024-05-23T06:48:10"}',
        b'{"tst":"2024-02-30T06:48:10Z","ts":"9999-12-31T23:59:59Z"}',
        b'{"route_id":"caf\xe9 \xff\xfe"}',
        b'{"tst":"20240230064810","ts":"99991231235959","route_id":"20240523064810"}',
    ],
)
def test_what_is_no_time_stays(payload: bytes) -> None:
    """The names of a trip, texts with a time in them, impossible times, bytes that are not text."""
    assert moved_within(payload, 40_000) == payload


def test_known_keys() -> None:
    """A key's own time moves whether it is a text, seconds or milliseconds."""
    payload = b'{"tst": 1716446890, "fixTime":1716446890123 ,"ts":"1716446890.50","lastUpdate":0}'

    assert moved_within(payload, 10) == (
        b'{"tst": 1716446900, "fixTime":1716446900123 ,"ts":"1716446900.50","lastUpdate":10}'
    )
    assert len(list(observed(payload))) == 3
    assert OBSERVED_KEYS < EPOCH_KEYS


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"2024-05-23t23:59:55.120z", b"2024-05-24t00:00:05.120z"),
        (b"2024-05-23 23:59:55Z", b"2024-05-24 00:00:05Z"),
        (b"2024-02-28T23:59:55.123456789+0330", b"2024-02-29T00:00:05.123456789+0330"),
        (b"2016-12-31T23:59:60.5Z", b"2017-01-01T00:00:10.5Z"),
    ],
)
def test_a_time_keeps_its_spelling(before: bytes, after: bytes) -> None:
    """Lower case, a space, an offset without a colon, nanoseconds: as RFC 3339 and others write.

    But a leap second is the next one.
    """
    assert moved(before, 10) == after
    assert moved_within(b'["%b"]' % before, 10) == b'["%b"]' % after


@pytest.mark.parametrize("shift", [timedelta(days=800, seconds=7), timedelta(days=-3)])
@pytest.mark.parametrize(
    "payload",
    [
        *(
            (example.topic, example.payload)
            for each in FORMATS
            for example in each.examples
            if each.observed_keys & set(re.findall(r"\w+", example.payload))
        ),
        ("fleet/a/1/position", '{"ts": "20161231235960", "lat": 57.0, "lon": 41.0}'),
        ("fleet/a/1/position", '{"ts": "2016-12-31T23:59:60.5Z", "lat": 57.0, "lon": 41.0}'),
        ("fleet/a/1/position", '{"ts": "1795262400", "lat": 57.0, "lon": 41.0}'),
    ],
)
def test_every_format_means_the_same_later(payload: tuple[str, str], shift: timedelta) -> None:
    """Observed and sent later by the shift, and nothing else."""
    topic, text = payload[0].encode(), payload[1].encode()
    rules = Rules(timedelta(days=36_500), timedelta(days=36_500))
    now = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
    before = decode(topic, text, now, rules)
    after = decode(topic, moved_within(text, int(shift.total_seconds())), now + shift, rules)
    assert before.reports
    assert after.reports == [
        report._replace(
            observed_at=report.observed_at + shift,
            sent_at=report.sent_at and report.sent_at + shift,
        )
        for report in before.reports
    ]


def test_real_recordings_mean_the_same_later() -> None:
    """Every report is the same but for its time; the trip keeps its name."""
    shift = timedelta(days=800, seconds=7)
    seconds = int(shift.total_seconds())
    count = 0
    for path in real_recordings():
        for received_at, topic, payload in recorded(path):
            before = decode(topic, payload, received_at, Rules()).reports[0]
            later = moved_within(payload, seconds)
            after = decode(topic, later, received_at + shift, Rules()).reports[0]
            assert after == before._replace(observed_at=before.observed_at + shift)
            assert isinstance(after, Report)
            count += 1
    assert count == 387
