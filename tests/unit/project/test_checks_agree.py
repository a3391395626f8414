"""pre-commit, `make check` and .ci/run run the same commands."""

import re

import yaml

from tests.unit.project.repository import text_of


def test_pre_commit_runs_what_make_check_runs() -> None:
    """What passes a commit passes the check, and the other way round."""
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", text_of("Makefile"), flags=re.MULTILINE)
    assert recipe
    checks = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]
    (local,) = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    assert [hook["entry"] for hook in local["hooks"]] == checks


def test_ci_runs_what_a_developer_runs() -> None:
    """The change is accepted by `make check` and `make test`, and nothing else."""
    lines = text_of(".ci/run").splitlines()
    assert [line for line in lines if line.startswith("make ")] == ["make check", "make test"]
