"""A language of the reports: its texts, and how it writes numbers, dates and durations."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from models.indicator import window_label

ABSENT: Final = "–"
"""Where a figure does not exist or nothing is known."""


@dataclass(frozen=True, eq=False)
class Language:
    """A language; English is the one that the code is written in."""

    code: str
    """ISO 639-1."""
    thousands: str = ","
    decimal_mark: str = "."
    date_format: str = "%Y-%m-%d"

    def text(self, message: str, **values: object) -> str:
        """Return an English message in this language, with its ``%(name)s`` filled in."""
        return message % values

    def plural(self, one: str, many: str, number: int, **values: object) -> str:
        """Return the form of a message that goes with a number, which is its ``%(number)s``."""
        message = one if number == 1 else many
        return message % (values | {"number": self.number(number)})

    def number(self, value: int) -> str:
        """Return 1,140."""
        return f"{value:,}".replace(",", self.thousands)

    def decimal(self, value: float, digits: int) -> str:
        """Return a number below 1,000 with so many digits after the decimal mark."""
        return f"{value:.{digits}f}".replace(".", self.decimal_mark)

    def percent(self, ratio: float | None, digits: int = 2) -> str:
        """Return 85.96 %, or a dash where there is no ratio."""
        if ratio is None:
            return ABSENT
        return self.text("%(percent)s %%", percent=self.decimal(ratio * 100, digits))

    def points(self, difference: float | None) -> str:
        """Return +51.1 points, or a dash where there is nothing to compare."""
        if difference is None:
            return ABSENT
        size = f"{abs(difference):.1f}"
        sign = "" if float(size) == 0 else "+" if difference > 0 else "−"
        return self.text("%(points)s points", points=sign + size.replace(".", self.decimal_mark))

    def date(self, iso: str) -> str:
        """Return an ISO 8601 date as people write it."""
        return date.fromisoformat(iso).strftime(self.date_format)

    def moment(self, moment: datetime) -> str:
        """Return date and time of day to the second, without an offset."""
        return f"{moment.strftime(self.date_format)} {moment:%H:%M:%S}"

    def instant(self, moment: datetime) -> str:
        """Return date and time of day with the offset from UTC."""
        return self.moment(moment) + offset(moment)

    def duration(self, seconds: float) -> str:
        """Return 1 h 05 min, or seconds below a minute."""
        if seconds < 60:
            return self.text("%(seconds)s s", seconds=f"{seconds:g}")
        hours, minutes = divmod(int(seconds) // 60, 60)
        if hours:
            return self.text("%(hours)s h %(minutes)s min", hours=hours, minutes=f"{minutes:02}")
        return self.text("%(minutes)s min", minutes=minutes)

    def window(self, seconds: float) -> str:
        """Return a window in its largest whole unit: 90s, 5m, 24h."""
        label = window_label(timedelta(seconds=seconds))
        number, unit = label[:-1], label[-1]
        match unit:
            case "h":
                return self.text("%(number)sh", number=number)
            case "m":
                return self.text("%(number)sm", number=number)
        return self.text("%(number)ss", number=number.replace(".", self.decimal_mark))

    def yes_no(self, value: bool | None) -> str:
        """Return yes or no, or a dash where it is not known."""
        if value is None:
            return ABSENT
        return self.text("yes") if value else self.text("no")


def offset(moment: datetime) -> str:
    """Return an aware time's offset from UTC: +03:00."""
    return moment.isoformat(timespec="seconds")[len("2026-03-01T08:00:00") :]


ENGLISH: Final = Language("en")
