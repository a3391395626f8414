"""What is known of one vehicle, for a terminal, with times in its operator's zone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from rich.console import RenderableType

from models.legible import plain
from reports import reasons
from reports.documents import VehicleDocument
from reports.language import ABSENT, Language, offset
from reports.tables import heading, table
from reports.words import sentence, title

MOST_ROWS: Final = 20
"""Of gaps, changes, rejected messages and entries; the document has them all."""
_KMH: Final = 3.6


def vehicle_terminal(document: VehicleDocument, language: Language) -> Iterator[RenderableType]:
    """Yield what is printed, from top to bottom."""
    parts = _Parts(document, language, ZoneInfo(document["time_zone"]))
    yield parts.name()
    yield parts.state()
    yield parts.facts()
    if document["equipment"]:
        yield heading(sentence(language.text("equipment")))
        yield parts.equipment()
    yield heading(language.text("Last hours"))
    yield parts.hours() if document["reports"] else language.text("Nothing.")
    window = language.window(document["window_seconds"])
    text = language.text("Gaps of more than %(window)s without a position", window=window)
    yield heading(text)
    yield parts.gaps() if document["gaps"] else language.text("None.")
    yield heading(language.text("Rejected messages"))
    yield parts.rejected() if document["rejected"] else language.text("None.")
    yield heading(language.text("Registry history"))
    yield parts.history() if document["registry"] else language.text("The registry never had it.")


class _Parts(NamedTuple):
    document: VehicleDocument
    language: Language
    zone: ZoneInfo

    def name(self) -> str:
        document = self.document
        names = [f"{document['operator_id']}/{document['vehicle_id']}"]
        names += [document["operator"]] if document["operator"] != document["operator_id"] else []
        names += [document["plate"]] if document["plate"] else []
        return plain(" · ".join(names))

    def state(self) -> str:
        document, text = self.document, self.language.text
        window = self.language.window(document["window_seconds"])
        if not document["in_fleet"]:
            explained = text(
                "The registry does not have it in service today, so no share counts it."
            )
            return f"{text('not in the fleet')}: {explained}"
        if document["reason"] is None:
            return f"{text('trackable')} ({text('window')} {window})"
        reason = reasons.reason(self.language, document["reason"])
        explained = reasons.explained(self.language, document["reason"])
        return f"{reason}: {explained} ({text('window')} {window})"

    def facts(self) -> RenderableType:
        document, text = self.document, self.language.text
        rejected = self.moment(document["rejected_at"])
        if document["rejected_reason"]:
            rejected += f" {reasons.rejection(self.language, document['rejected_reason'])}"
        place = ABSENT
        if document["latitude"] is not None and document["longitude"] is not None:
            place = f"{document['latitude']:.6f}, {document['longitude']:.6f}"
        rows = [
            (text("not trackable since"), self.moment(document["not_trackable_since"])),
            (text("Last position"), f"{self.moment(document['fix_at'])} {place}"),
            (text("Last heard"), self.moment(document["contact_at"])),
            (text("Last rejected"), rejected),
            (text("route"), document["route_id"] or ABSENT),
            *(
                (title(self.language, name), value)
                for name, value in document["attributes"].items()
                if name != "route_id"
            ),
        ]
        at = datetime.fromisoformat(document["at"] or "").astimezone(self.zone)
        zone = text("times in %(zone)s, %(offset)s unless another offset is shown",
                    zone=self.zone, offset=offset(at))  # fmt: skip
        return table(("", zone), ((sentence(name), value) for name, value in rows))

    def equipment(self) -> RenderableType:
        text, yes_no = self.language.text, self.language.yes_no
        columns = ("", text("declared"), text("observed"), text("working"))
        return table(
            columns,
            (
                (title(self.language, kind), yes_no(each["declared"]), yes_no(each["fitted"]),
                 yes_no(each["working"]))
                for kind, each in self.document["equipment"].items()
            ),
        )  # fmt: skip

    def hours(self) -> RenderableType:
        text = self.language.text
        sent: Counter[datetime] = Counter()
        fixes: Counter[datetime] = Counter()
        fastest: dict[datetime, float] = {}
        for report in self.document["reports"]:
            hour = self.local(report["observed_at"]).replace(minute=0, second=0, microsecond=0)
            sent[hour] += 1
            fixes[hour] += report["latitude"] is not None
            fastest[hour] = max(fastest.get(hour, 0), (report["speed_mps"] or 0) * _KMH)
        numbers = (text("Reports"), text("with a position"), text("at most, km/h"))
        rows = (
            (f"{hour:%H:%M}", self.language.number(number), self.language.number(fixes[hour]),
             f"{fastest[hour]:.0f}" if fixes[hour] else ABSENT)
            for hour, number in sorted(sent.items())
        )  # fmt: skip
        return table((text("Hour"), *numbers), rows, right=numbers)

    def gaps(self) -> RenderableType:
        columns = (self.language.text("from"), self.language.text("to"), "")
        return table(
            columns,
            (
                (self.moment(each["from"]), self.moment(each["to"]),
                 self.language.duration(each["seconds"]))
                for each in self.newest(self.document["gaps"][::-1])
            ),
        )  # fmt: skip

    def rejected(self) -> RenderableType:
        text = self.language.text
        columns = (text("last"), text("times"), text("reason"), text("detail"))
        return table(
            columns,
            (
                (self.moment(each["last_received_at"]), self.language.number(each["times"]),
                 reasons.rejection(self.language, each["reason"]), each["detail"])
                for each in self.newest(self.document["rejected"])
            ),
        )  # fmt: skip

    def history(self) -> RenderableType:
        text = self.language.text
        columns = (text("Known from"), text("Known until"), text("In service"), text("plate"))
        return table(
            (*columns, text("What it says"), text("Entered by")),
            (
                (self.moment(each["known_from"]),
                 self.moment(each["known_to"]) if each["known_to"] else text("now"),
                 f"{each['in_service_from'] or '…'} – {each['in_service_to'] or '…'}",
                 each["plate"] or ABSENT, self.said(each),
                 f"{each['changed_by']}, {each['source']}")
                for each in self.newest(self.document["registry"])
            ),
        )  # fmt: skip

    def said(self, entry: dict[str, Any]) -> str:
        attributes = [
            f"{title(self.language, name)}: {value}" for name, value in entry["attributes"].items()
        ]
        declared = [
            f"{title(self.language, kind)}: {self.language.yes_no(fitted)}"
            for kind, fitted in entry["declared"].items()
        ]
        return "; ".join((*attributes, *declared)) or ABSENT

    def newest(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        return rows[:MOST_ROWS]

    def moment(self, iso: str | None) -> str:
        return self.language.moment(self.local(iso)) if iso else ABSENT

    def local(self, iso: str) -> datetime:
        return datetime.fromisoformat(iso).astimezone(self.zone)
