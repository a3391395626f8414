"""docs/security.md has the attempts that the tests make, each with the outcome that they assert."""

import re

import pytest

from tests.integration.deploy import broker_attempts, database_attempts, service_attempts
from tests.integration.deploy.attempts import table
from tests.unit.project.repository import text_of

TABLES = {
    "the database": database_attempts.ATTEMPTS,
    "the broker": broker_attempts.ATTEMPTS,
    "the services": service_attempts.ATTEMPTS,
}


@pytest.mark.parametrize("on", TABLES)
def test_document_has_the_attempts(on: str) -> None:
    """Row by row; where it has not, this is what to put there."""
    begin = re.escape(f"<!-- attempts on {on} -->")
    (there,) = re.findall(rf"{begin}\n(.*?)\n?<!-- end -->", text_of("docs/security.md"), re.DOTALL)
    assert there == table(TABLES[on])
