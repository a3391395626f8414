"""Texts that a spreadsheet would run are written so that it does not, and come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.lists.formula import guarded, unguarded


@pytest.mark.parametrize("text", ["=1+1", "+a", "-2+3", "@SUM(1)", "\t=1", "'=1", "＝1"])
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    """Whatever sign it begins with."""
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "A123AA", "-5", "+79991234567", "-0,5", "'90s", "a=b"])
def test_what_is_no_formula_stays(text: str) -> None:
    """Numbers with a sign among them."""
    assert guarded(text) == unguarded(text) == text


@given(st.text("'=+-@\t5a", max_size=6) | st.text())
def test_every_text_comes_back(text: str) -> None:
    """Apostrophes of its own included."""
    assert unguarded(guarded(text)) == text
