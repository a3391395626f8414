"""What an embedded part says when it fails."""

from pathlib import Path

from fleetgauge.embedded.failure import EmbeddedPartFailed


def test_names_part_reason_and_the_end_of_the_log(tmp_path: Path) -> None:
    """The message has the part, the reason and the last lines of the log, on one line."""
    log = tmp_path / "broker.log"
    log.write_bytes(b"first\n\nsecond \xff\nthird\n  fourth\n")

    failure = EmbeddedPartFailed("broker", "ended while starting", log)

    assert str(failure) == (
        f"embedded broker: ended while starting; {log} ends with: second \N{REPLACEMENT CHARACTER}"
        " | third | fourth"
    )
    assert (failure.part, failure.reason) == ("broker", "ended while starting")


def test_says_so_when_the_log_is_empty(tmp_path: Path) -> None:
    """An empty log is named as such; a missing one is not mentioned."""
    log = tmp_path / "database.log"
    assert str(EmbeddedPartFailed("database", "gone", log)) == "embedded database: gone"

    log.touch()
    assert str(EmbeddedPartFailed("database", "gone", log)).endswith(f"{log} is empty")
