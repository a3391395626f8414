"""A short cut of `make test-brokers`: what most often goes wrong, on Debian's two brokers."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.brokers.__main__ import BEGIN, END, column
from tests.brokers.brokers import Make, mosquitto, rabbitmq
from tests.brokers.checks import CHECKS
from tests.servers.postgresql import PostgresServer

DOCUMENT: Final = Path(__file__).parents[2] / "docs/brokers.md"
SHORT: Final = ["waited for the worker, 3.1.1", "client id"]


@pytest.mark.slow
@pytest.mark.parametrize("make", [mosquitto, rabbitmq])
def test_the_worker_keeps_its_promise(make: Make, timescaledb_server: PostgresServer) -> None:
    """By the broker's own limits: nothing is lost or stored twice, and a takeover is said."""
    name, cells = column(make, timescaledb_server, SHORT)
    assert len(cells) == len(SHORT)
    assert all(cell.holds for cell in cells), (name, cells)
    assert re.match(r"2,000 of 2,000, ", cells[0].text)


def test_the_document_has_every_check_and_no_silent_cell() -> None:
    """The table is the suite's, and each broker has an answer to each line of it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \|$", text.partition(BEGIN)[2].partition(END)[0], re.M)
    cells = [row.split(" | ") for row in rows[2:]]
    assert [row[0] for row in cells] == list(CHECKS)
    brokers = rows[0].count(" | ")
    assert brokers >= 4
    assert all(len(row) == brokers + 1 and all(map(str.strip, row)) for row in cells)
