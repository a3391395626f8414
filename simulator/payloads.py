"""The native format's payloads as trackers write them (docs/formats.md, Native)."""

import json
from datetime import UTC, datetime, timedelta, tzinfo

from models.equipment import Flag
from simulator.bus import Bus
from simulator.network import Dialect
from simulator.shuttle import Place


def position(bus: Bus, observed_at: datetime, place: Place, zone: tzinfo) -> str:
    """Return a position report as a JSON object.

    Written out by hand: json.dumps costs as much as all the rest of a report, and simulated days
    hold millions of them.
    """
    route, (hdop, satellites) = json.dumps(bus.route_id), _reception(bus, observed_at)
    when = instant(bus.dialect, observed_at, zone)
    if bus.dialect is Dialect.SHORT:
        return (
            f'{{"ts":{when},"lat":{place.latitude:.6f},"lon":{place.longitude:.6f},'
            f'"speed":{place.speed_mps:.1f},"bearing":{_bearing(place)},'
            f'"hdop":{hdop:.1f},"satellites":{satellites},"route_id":{route}}}'
        )
    return (
        f'{{"observed_at":{when},"latitude":{place.latitude:.6f},'
        f'"longitude":{place.longitude:.6f},"speed_mps":{place.speed_mps:.2f},'
        f'"bearing_deg":{_bearing(place)},"hdop":{hdop:.1f},"satellites":{satellites},'
        f'"route_id":{route}}}'
    )


def without_fix(bus: Bus, observed_at: datetime, zone: tzinfo) -> str:
    """Return the report of a receiver that sees too few satellites."""
    when = instant(bus.dialect, observed_at, zone)
    if bus.dialect is Dialect.SHORT:
        return f'{{"ts":{when},"lat":null,"lon":null,"satellites":2}}'
    return f'{{"observed_at":{when},"latitude":null,"longitude":null,"satellites":2}}'


def equipment(bus: Bus, observed_at: datetime, zone: tzinfo) -> str:
    """Return the report of the equipment that the bus observes."""
    key = "ts" if bus.dialect is Dialect.SHORT else "observed_at"
    when = instant(bus.dialect, observed_at, zone)
    fittings = (("cctv", bus.cctv), ("cashless", bus.cashless))
    flags = "".join(
        f',"{name}":{_flag(fitting.observed)}' for name, fitting in fittings if fitting.observed
    )
    return f'{{"{key}":{when}{flags}}}'


def instant(dialect: Dialect, moment: datetime, zone: tzinfo) -> str:
    """Return a moment as JSON: milliseconds, cut off, not rounded."""
    if dialect is Dialect.SHORT:
        return str((moment - _EPOCH) // _MILLISECOND)
    if dialect is Dialect.LOCAL:
        return f'"{moment.astimezone(zone).isoformat(timespec="milliseconds")}"'
    return f'"{moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6]}Z"'


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _flag(flag: Flag) -> str:
    if flag.working is None:
        return json.dumps(flag.fitted)
    return json.dumps({"fitted": flag.fitted, "working": flag.working}, separators=(",", ":"))


def _bearing(place: Place) -> str:
    # 359.97 rounds to 360.0, which is not a bearing.
    return f"{round(place.bearing_deg, 1) % 360.0:.1f}"


def _reception(bus: Bus, moment: datetime) -> tuple[float, int]:
    # Satellites come and go within minutes, and not over all buses at once.
    step = int(moment.timestamp() // 60 + bus.phase * 1_000)
    return 0.6 + step % 9 / 10, 8 + step % 7
