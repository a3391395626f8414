"""A short cut of ``make chaos``: each fault once, under few reports."""

from collections.abc import Iterator

import pytest

from tests.chaos.rows import ROWS, Row, run
from tests.chaos.trial import Rig, rig
from tests.servers.userland import Userland

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def servers(userland: Userland, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(userland, tmp_path_factory.mktemp("chaos")) as servers:
        yield servers


@pytest.mark.parametrize("row", [row for row in ROWS if row.short], ids=lambda row: row.name)
def test_nothing_is_lost_and_nothing_is_stored_twice(row: Row, servers: Rig) -> None:
    """What was published is what is stored, and the account adds up, whatever happened."""
    result = run(servers, row, times=1, reports=3_000)
    assert result.holds, result
    assert result.stored == result.published, result
