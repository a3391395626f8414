"""The revision that the program needs, read without the tool that migrates."""

from importlib.resources import files

from alembic.config import Config
from alembic.script import ScriptDirectory

from storage.schema import head


def test_head_is_what_a_migration_ends_at() -> None:
    """The last file's number is the revision at the end of the one chain of migrations."""
    config = Config()
    config.set_main_option("script_location", str(files("storage") / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [head()]
