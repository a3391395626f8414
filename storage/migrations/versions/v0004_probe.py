"""Where the self-probe arrives."""

from alembic import op

from storage.engine import run_script

revision = "0004"
down_revision = "0003"

PROBE = """
create table probe (
    is_probe    boolean primary key default true check (is_probe),
    observed_at timestamptz not null
);
comment on table probe is 'the newest self-probe that came through; one row, and no vehicle';
"""


def upgrade() -> None:
    """Create the table of one row."""
    run_script(op.get_bind(), PROBE)
