"""The columns of a vehicle's state on a piece of equipment, as parts of a query."""

from typing import Final

from psycopg import sql

from models.report import Equipment

COLUMNS: Final = sql.SQL("""
state.{fitted}, state.{fitted_at}, state.{fitted_since},
state.{working}, state.{working_at}, state.{working_since}
""")
"""All that the state has on it; to be filled by ``columns_of``."""


def columns_of(equipment: Equipment) -> dict[str, sql.Composable]:
    """Return the names ``fitted``, ``working``, and each with ``_at`` and ``_since``."""
    return {
        f"{word}{moment}": sql.Identifier(f"{equipment.value}_{word}{moment}")
        for word in ("fitted", "working")
        for moment in ("", "_at", "_since")
    }
