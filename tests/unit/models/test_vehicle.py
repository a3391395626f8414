import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.legible import plain
from models.rejection import Rejected, RejectReason
from models.vehicle import is_identifier, named


@given(st.text(max_size=70))
def test_an_identifier_fits_a_topic_level_and_a_column(text: str) -> None:
    """What is taken has no wildcard, separator or control character, and 1 to 64 characters."""
    if is_identifier(text):
        assert 1 <= len(text) <= 64
        assert not set(text) & set("/+#\x00\n\x7f")
        assert text.lstrip() == text


@pytest.mark.parametrize("text", ["1", "00678", "ИвПАТП-1", "А 123 ВС 37", "x" * 64, "$SYS", "…"])
def test_what_operators_write_is_an_identifier(text: str) -> None:
    """Letters of any script, digits, blanks within, punctuation."""
    assert is_identifier(text)


@pytest.mark.parametrize(
    "text", ["", " 1", "\u00a01", "a/b", "a+", "#", "x" * 65, "a\x00", "a\n", "\x7f", "a\tb"]
)
def test_what_means_something_else_is_none(text: str) -> None:
    """Wildcards, separators, control characters, nothing, and too much."""
    assert not is_identifier(text)
    with pytest.raises(ValueError, match="cannot be"):
        named("ivpat-1", text)
    with pytest.raises(ValueError, match="cannot be"):
        named(text, "1024")


def test_a_vehicle_is_the_same_object_each_time() -> None:
    """A fleet's messages share its few names."""
    assert named("ivpat-1", "1024") is named("ivpat-1", "1024")
    assert str(named("ivpat-1", "1024")) == "ivpat-1/1024"


@pytest.mark.parametrize("mark", list("\u00ad\u200b\u200d\u202e\u2028\u2029\ufeff\ud800\U000e0041"))
def test_what_nobody_sees_is_in_no_identifier_and_no_text_for_people(mark: str) -> None:
    """Two vehicles must not look the same, and none may turn a line around."""
    text = f"10{mark}24"
    assert not is_identifier(text)
    assert plain(text) == f"10{ascii(mark)[1:-1]}24"
    assert plain(f"Депо\u00a01{mark}") == f"Депо\u00a01{ascii(mark)[1:-1]}"
    assert Rejected(RejectReason.SCHEMA, text).rejection.detail == "10\ufffd24"


@given(st.text(alphabet=st.characters(), max_size=2000))
def test_a_detail_is_short_and_legible(text: str) -> None:
    """At most 300 characters, no NUL for a database to reject, no control for a terminal."""
    detail = Rejected(RejectReason.SCHEMA, text).rejection.detail
    assert len(detail) <= 300
    assert "\x00" not in detail
    assert not {unicodedata.category(each) for each in detail} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    detail.encode()
