"""Times in tables: local to whom they are about, with the zone named."""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from reports.language import offset
from storage.connection import Connection
from storage.operators import list_time_zones


class LocalTimes:
    """Times of several operators: local to each, by the zone of the authority where it has none.

    Where all have one zone the column's heading names it; otherwise each time has its offset.
    """

    def __init__(self, default: str, zones: dict[str, str] | None = None) -> None:
        """Take the IANA name of the authority's zone, and of each operator's."""
        self._default = ZoneInfo(default)
        self._zones = {name: ZoneInfo(zone) for name, zone in (zones or {}).items()}
        self._one = {self._default.key, *(zone.key for zone in self._zones.values())} == {
            self._default.key
        }

    @classmethod
    def of(cls, connection: Connection, default: str) -> "LocalTimes":
        """Take the operators' zones from the database.

        Raises:
            StorageError: the database cannot be asked.
        """
        return cls(default, list_time_zones(connection))

    def heading(self, title: str) -> str:
        """Return a column's heading with the zone that its times are in."""
        return f"{title} ({self._default.key if self._one else 'local'})"

    def second(self, moment: datetime | None, operator_id: str | None = None) -> str:
        """Return a time to the second; empty: there is none."""
        return self._written(moment, operator_id, "%Y-%m-%d %H:%M:%S")

    def minute(self, moment: datetime | None, operator_id: str | None = None) -> str:
        """Return a time to the minute; empty: there is none."""
        return self._written(moment, operator_id, "%Y-%m-%d %H:%M")

    def _written(self, moment: datetime | None, operator_id: str | None, form: str) -> str:
        if moment is None:
            return ""
        zone: tzinfo = self._zones.get(operator_id or "", self._default)
        local = moment.astimezone(zone)
        return f"{local.strftime(form)}{'' if self._one else offset(local)}"
