"""The languages of the reports: their texts, and how they write numbers, dates and durations.

A text stands in the code in English; texts/ru.po has it in Russian, as gettext compiles it into
texts/ru.mo. A test names what is missing there.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Final

from models.indicator import window_label

NO_BREAK_SPACE: Final = "\u00a0"

ABSENT: Final = "–"
"""Where a figure does not exist or nothing is known."""


class LanguageCode(StrEnum):
    """The languages that there are, by ISO 639-1."""

    EN = "en"
    RU = "ru"


@dataclass(frozen=True, eq=False)
class Language:
    """A language; by default English, which needs no translations."""

    code: LanguageCode = LanguageCode.EN
    translations: NullTranslations = field(default_factory=NullTranslations)
    thousands: str = ","
    decimal_mark: str = "."
    date_format: str = "%Y-%m-%d"

    def text(self, message: str, **values: object) -> str:
        """Return an English message in this language, with its ``%(name)s`` filled in."""
        return self.translations.gettext(message) % values

    def plural(self, one: str, many: str, number: int, **values: object) -> str:
        """Return the form of a message that goes with a number, which is its ``%(number)s``."""
        message = self.translations.ngettext(one, many, number)
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
        return self.text("%(points)s points", points=self.signed(difference, 1))

    def signed(self, value: float, digits: int) -> str:
        """Return +51.1; of what is 0 when it is rounded no sign."""
        size = f"{abs(value):,.{digits}f}"
        whole, mark, fraction = size.partition(".")
        written = whole.replace(",", self.thousands) + mark.replace(".", self.decimal_mark)
        sign = "" if not size.strip("0.,") else "+" if value > 0 else "−"
        return sign + written + fraction

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


ENGLISH: Final = Language()


@cache
def language(code: LanguageCode) -> Language:
    """Return a language, with its texts loaded."""
    match code:
        case LanguageCode.EN:
            return ENGLISH
        case LanguageCode.RU:
            with (files("reports") / "texts" / "ru.mo").open("rb") as file:
                texts = GNUTranslations(file)
            return Language(code, texts, NO_BREAK_SPACE, ",", "%d.%m.%Y")


def language_of_locale(name: str) -> LanguageCode:
    """Return the language of a locale's name such as ru_RU.UTF-8; English where it is another."""
    code = name.partition("_")[0].partition(".")[0].lower()
    return LanguageCode(code) if code in set(LanguageCode) else LanguageCode.EN
