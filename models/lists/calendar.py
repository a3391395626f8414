"""The words of the calendar, in English and in Russian, as people write them: months, weekdays."""

from collections.abc import Mapping, Sequence
from typing import Final

from models.lists.characters import normal

_MONTHS: Final = (
    "january jan январь января янв",
    "february feb февраль февраля фев февр",
    "march mar март марта мар",
    "april apr апрель апреля апр",
    "may май мая",
    "june jun июнь июня июн",
    "july jul июль июля июл",
    "august aug август августа авг",
    "september sep sept сентябрь сентября сен сент",
    "october oct октябрь октября окт",
    "november nov ноябрь ноября ноя нояб",
    "december dec декабрь декабря дек",
)
_WEEKDAYS: Final = (
    "monday mon понедельник понедельника пн",
    "tuesday tue вторник вторника вт",
    "wednesday wed среда среды среду ср",
    "thursday thu четверг четверга чт",
    "friday fri пятница пятницы пятницу пт",
    "saturday sat суббота субботы субботу сб",
    "sunday sun воскресенье воскресенья вс",
)
"""Russian ones also as they stand after *с* and *по*."""


def month_of(word: str) -> int | None:
    """Return 1 for January to 12 for December; None: it is no month."""
    return _MONTH_OF.get(_bare(word))


def weekday_of(word: str) -> int | None:
    """Return 1 for Monday to 7 for Sunday (ISO 8601); None: it is no weekday."""
    return _WEEKDAY_OF.get(_bare(word))


def _bare(word: str) -> str:
    return normal(word).casefold().removesuffix(".")


def _numbers(spellings: Sequence[str]) -> Mapping[str, int]:
    return {word: number for number, words in enumerate(spellings, 1) for word in words.split()}


_MONTH_OF: Final = _numbers(_MONTHS)
_WEEKDAY_OF: Final = _numbers(_WEEKDAYS)
