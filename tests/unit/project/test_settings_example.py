"""`.env.example` and docs/operations.md keep step with the settings."""

import itertools
import re
from pathlib import Path

import pytest
import trustme

from fleetgauge.environment import OF_THE_TESTS, PREFIX, known_variables, variable_of
from fleetgauge.settings import Settings
from tests.unit.project.repository import DOCUMENTS, ROOT, text_of

VARIABLES = {variable_of(name) for name in Settings.model_fields}
EXAMPLE = re.findall(rf"^#?({PREFIX}[A-Z0-9_]+)=", text_of(".env.example"), flags=re.MULTILINE)


def test_every_setting_is_in_the_example_once() -> None:
    """Nobody has to read the source to find a setting, and no example is of one that has gone."""
    assert sorted(EXAMPLE) == sorted(VARIABLES)


def test_every_example_has_a_comment() -> None:
    """Each variable stands below a line that says what it is."""
    lines = text_of(".env.example").splitlines()
    for above, line in itertools.pairwise(lines):
        if re.match(rf"#?{PREFIX}", line):
            assert re.match(r"# \S", above), line


def test_values_of_the_example_are_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each line, uncommented, is a value that the settings accept, where its file is there."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in re.findall(rf"^#?({PREFIX}\w+)=(.*)$", text_of(".env.example"), re.M):
        monkeypatch.setenv(variable, value)
    authority = tmp_path / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(authority))
    monkeypatch.setenv(f"{PREFIX}MQTT_CA_FILE", str(authority))
    certificate = trustme.CA().issue_cert("ingest")
    for name, pem in (
        ("MQTT_CERT_FILE", certificate.cert_chain_pems[0]),
        ("MQTT_KEY_FILE", certificate.private_key_pem),
    ):
        pem.write_to_path(str(tmp_path / name))
        monkeypatch.setenv(f"{PREFIX}{name}", str(tmp_path / name))
    Settings()


@pytest.mark.parametrize("path", [*DOCUMENTS, ROOT / "Dockerfile"], ids=lambda path: path.name)
def test_documents_name_no_setting_that_does_not_exist(path: Path) -> None:
    """A variable in a document or in the image is one that something reads."""
    found = set(re.findall(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b", path.read_text(encoding="utf-8")))
    assert found <= known_variables(Settings.model_fields) | OF_THE_TESTS
