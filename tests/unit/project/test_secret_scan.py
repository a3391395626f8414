"""What `make check` takes for a secret, and what not."""

from pathlib import Path

import pytest

from tests.secret_scan import scan, tracked_files
from tests.unit.project.repository import ROOT

SECRETS = {
    "mqtt": "url = 'mqtt://ingest:" + "Zx81kqLw@broker'",
    "key": "-----BEGIN EC PRIVATE" + " KEY-----",
    "github": "ghp_" + "a1B2" * 9,
    "keyword": "password = 'Zx81" + "kqLw'",
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_found(name: str, tmp_path: Path) -> None:
    """With its file and line, and not repeated."""
    file = tmp_path / "settings.py"
    file.write_text(f"a = 1\n{SECRETS[name]}\n")
    ((found, line, kind),) = scan([str(file)])
    assert (found, line) == (str(file), 2)
    assert "Zx81" not in kind


@pytest.mark.parametrize(
    "text", ["mqtt://ingest:secret@broker", "postgresql://{user}:{password}@{host}", "1f" * 32]
)
def test_what_stands_for_one_is_not(text: str, tmp_path: Path) -> None:
    file = tmp_path / "document.rst"
    file.write_text(f"`{text}`\n")
    assert scan([str(file)]) == []


def test_git_says_what_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code and documents; nothing that is generated, nor what is not committed."""
    monkeypatch.chdir(ROOT)
    files = tracked_files()
    assert {"fleetgauge/settings.py", "docs/security.md", ".env.example"} <= set(files)
    assert not [file for file in files if file.startswith(("requirements/", ".venv/"))]
