"""Whom an account speaks for, and on which topics."""

import pytest

from models.account import account_of


def test_an_operator_publishes_for_its_vehicles() -> None:
    """For all of them, and on the topics that are read."""
    assert account_of("ivpat-1").topics == (
        "fleet/ivpat-1/+/position",
        "fleet/ivpat-1/+/equipment",
        "fleet/ivpat-1/+/status",
        "owntracks/ivpat-1/+",
    )


def test_a_vehicle_publishes_for_itself() -> None:
    """No wildcard is left."""
    assert not any(set("+#") & set(topic) for topic in account_of("ivpat-1/101").topics)


def test_a_feed_speaks_for_those_it_lists() -> None:
    """HFP names the operator in its topic; Traccar only in its payload."""
    assert account_of("hfp", ["0018"]).topics == ("/hfp/v2/+/+/+/+/0018/#",)
    assert account_of("traccar").topics == ("traccar/positions",)


@pytest.mark.parametrize(
    "name",
    [
        "ingest",
        "access",
        "fleetgauge",
        "fleetgauge/probe",
        "$SYS",
        "",
        "a/",
        "/1",
        "a/b/c",
        "a+",
        "#",
    ],
)
def test_impossible_accounts_are_refused(name: str) -> None:
    """Those of the stack, and what a topic could not hold or would take for more."""
    with pytest.raises(ValueError, match=r"reserved|expected"):
        account_of(name)


def test_lists_of_operators_are_checked() -> None:
    """Only the feed with operators in its topic has one, and it must."""
    for name, operators in (("hfp", []), ("hfp", ["+"]), ("traccar", ["a"]), ("ivpat-1", ["a"])):
        with pytest.raises(ValueError, match="operator"):
            account_of(name, operators)


def test_a_prefix_stands_before_every_topic() -> None:
    """As the broker's topics are called there."""
    assert account_of("traccar", prefix="region-37/").topics == ("region-37/traccar/positions",)
    topics = account_of("ivpat-1/101", prefix="region-37/").topics
    assert all(topic.startswith("region-37/") for topic in topics)
