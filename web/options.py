"""What the settings decide about the pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from zoneinfo import ZoneInfo

from reports.language import LanguageCode
from web.base_map import BaseMap

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Options:
    """What the settings decide."""

    windows: tuple[timedelta, ...]
    """Of the tracking share."""
    feed_window: timedelta
    """How old a position for passengers may be: on the map, and in the feeds."""
    zone: ZoneInfo
    """In which times are written, and whose date decides on the plan."""
    min_group_size: int
    """A smaller group shows its counts and no ratio."""
    borders: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of the districts, as GeoJSON geometries by their names."""
    base_map: BaseMap | None = None
    """What the maps lie on; None: on what is known of routes and ways."""
    language: LanguageCode | None = None
    """None: the reader's browser decides."""
    plates_are_public: bool = False
    """Whether the feeds have number plates."""
    map_is_public: bool = True
    """Whether there is a map for passengers."""
    password: str | None = None
    """Of the staff pages; None, as the viewers': they are for this machine's own users."""
    viewer_password: str | None = None
    """Of those who may look and not take; None: nobody has such a password."""
    user_header: str | None = None
    """In which a trusted proxy names whom it let in; None: no proxy does."""
    analysts: frozenset[str] | None = None
    """Whom the proxy names as analysts, the others being viewers; None: all are."""
    proxies: tuple[Network, ...] = ()
    """The proxies that are trusted."""
    publication_url: str | None = field(default=None, repr=False)
    """The database in which is recorded what the feeds hold; None: it is not."""
