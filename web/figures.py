"""The page "Figures": the KPIs of a date, the districts, and the vehicles behind each number."""

import asyncio
import io
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeVar

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.attribute import GROUPINGS, OPERATOR, attribute_of
from models.errors import Invalid
from models.indicator import TRACKABLE, indicators_of
from models.kpi import KpiCounts, year_before
from reports import figure_words, kpi_notes, words
from reports.dialects import Dialect, csv_text
from reports.diff_paper import diff_paper
from reports.documents import Figure, KpiDocument, Vehicle
from reports.groups import called
from reports.kpi_csv import write_csv
from reports.kpi_page import kpi_page
from reports.kpi_workbook import kpi_workbook
from reports.language import ENGLISH, Language
from reports.paper import shown
from reports.paper_page import paper_page
from reports.paper_workbook import paper_workbook
from storage.connection import Connection
from storage.errors import StorageError
from storage.kpi.stored_days import stored_days
from web.answers import answer, encoded
from web.database import Database
from web.districts import Borders, districts
from web.options import Options
from web.pages import Pages, link
from web.query import asked as asked_for
from web.reports import Asked, Reports
from web.source import FleetSource
from web.staff import Endpoint, Staff

ROWS: Final = 500
"""Vehicles on one page."""
MONTHS: Final = 12
ABSENT: Final = "—"
"""In the address: the group of which it is not known."""
_KEPT: Final = 32
_KEPT_SECONDS: Final = 60
"""How old a report that is shown may be: a correction shows after that."""

T = TypeVar("T")

_FORMS: Final = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
}


class NotThere(Exception):
    """There are no such figures; ``args[0]`` says it in the reader's language."""


class WrongValue(NotThere):
    """The address asks for a date, an indicator or the like that cannot be one."""


class Month(NamedTuple):
    """The fleet's figures at the end of a month."""

    on: date
    counts: KpiCounts


class Shelf:
    """Keep what was computed for a minute; one is computed at a time, however many ask."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()

    async def get(self, key: Hashable, question: Callable[[Connection], T]) -> T:
        """Return the answer to a question that the key names."""
        async with self._lock:
            at, found = self._kept.pop(key, (0.0, None))
            if not at or time.monotonic() - at > _KEPT_SECONDS:
                at, found = time.monotonic(), await self._database.ask(question)
            self._kept[key] = (at, found)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        answer: T = found
        return answer


class Figures:
    """Show the KPI reports, and give them as files."""

    def __init__(
        self,
        source: FleetSource,
        database: Database,
        pages: Pages,
        options: Options,
        reports: Reports,
    ) -> None:
        self._source = source
        self._pages = pages
        self._options = options
        self._reports = reports
        self._shelf = Shelf(database)
        self._borders = Borders(options.borders)

    def routes(self, staff: Staff) -> list[Route]:
        """Return the routes of the pages, and of the files, which are for analysts."""
        pages = {
            "/figures": self._page,
            "/figures/vehicles": self._vehicles,
            "/figures/months": self._months,
            "/figures/difference": self._difference,
            "/figures/districts.geojson": self._districts,
        }
        files = {
            "/figures/report.{form}": self._file,
            "/figures/difference.{form}": self._difference_file,
        }
        return [
            Route(path, guard(self._explained(endpoint)))
            for guard, endpoints in ((staff.only, pages), (staff.analysts, files))
            for path, endpoint in endpoints.items()
        ]

    def _explained(self, endpoint: Endpoint) -> Endpoint:
        async def explained(request: Request) -> Response:
            try:
                return await endpoint(request)
            except StorageError:
                raise
            except (NotThere, Invalid) as error:
                is_wrong = isinstance(error, WrongValue)
                status = HTTPStatus.BAD_REQUEST if is_wrong else HTTPStatus.NOT_FOUND
                return self._pages.page(
                    request, "no_figures.html.j2", status=status, why=str(error)
                )

        return explained

    async def _page(self, request: Request) -> Response:
        asked, last = await self._asked(request)
        document = await self._report(asked)
        spoken = self._pages.language(request)
        return self._pages.page(
            request,
            "figures.html.j2",
            document=document,
            asked=asked,
            last=last,
            groupings=GROUPINGS,
            notes=[
                *kpi_notes.downtime(spoken, document["ingest_downtime"]),
                *kpi_notes.notes(spoken, document),
                *kpi_notes.corrections(spoken, document),
            ],
            evidence=partial(figure_words.evidence, spoken),
            counted=partial(figure_words.counted, spoken),
            denominator=figure_words.denominator,
            at_end=_at_end,
            compared_percent=partial(figure_words.compared_percent, spoken),
            group_name=partial(words.group_name, spoken),
            called=partial(called, document),
            too_small=words.too_small(spoken, document["min_group_size"]),
            query=_query(asked),
            behind=partial(_behind, asked),
            indicator=self._indicator(request, document),
        )

    async def _vehicles(self, request: Request) -> Response:
        asked, _ = await self._asked(request)
        document = await self._report(asked)
        indicator = self._indicator(request, document)
        spoken = self._pages.language(request)
        query = request.query_params
        counts, group = self._one_of(request, "counts", ("yes", "no")), query.get("group", "")
        chosen = [
            each
            for each in document["fleet"]
            if _is_chosen(each, indicator, counts) and group in {"", _group(each, asked.by)}
        ]
        page = int(query["page"][:6]) if query.get("page", "").isdecimal() else 0
        return self._pages.page(
            request,
            "figures_vehicles.html.j2",
            document=document,
            indicator=indicator,
            counts=counts,
            group=group,
            vehicles=chosen[page * ROWS : (page + 1) * ROWS],
            number=len(chosen),
            page=page,
            pages=-(-len(chosen) // ROWS),
            query={**_query(asked), "indicator": indicator, "counts": counts, "group": group},
            reason=lambda name: spoken.text(words.REASONS[name]),
        )

    async def _months(self, request: Request) -> Response:
        asked, _ = await self._asked(request)
        first = (await self._stored(request))[0]
        ends = [day for day in _month_ends(asked.on) if day >= first]

        def count(connection: Connection) -> list[Month]:
            return [Month(day, self._reports.counts(connection, day)) for day in ends]

        months = await self._shelf.get(("months", *ends), count)
        return self._pages.page(
            request, "figures_months.html.j2", months=months, asked=asked, query=_query(asked)
        )

    async def _difference(self, request: Request) -> Response:
        document = await self._compared(request)
        spoken = self._pages.language(request)
        (indicator,) = document["indicators"]
        _, last = await self._stored(request)
        look = await self._source.look()
        return self._pages.page(
            request,
            "figures_difference.html.j2",
            before=document["before"]["on"],
            after=document["after"]["on"],
            last=last,
            indicator=indicator,
            indicators=indicators_of(look.slow.kinds),
            paper=diff_paper(document, spoken),
            rows=ROWS,
            shown=partial(shown, spoken),
            query=dict(request.query_params),
        )

    async def _difference_file(self, request: Request) -> Response:
        document = await self._compared(request)
        spoken, form = self._pages.language(request), request.path_params["form"]
        paper = diff_paper(document, spoken)
        tables = {each.name: each.table for each in diff_paper(document, ENGLISH).sections}
        (indicator,) = document["indicators"]
        table = request.query_params.get("table", f"{indicator}_vehicles")
        if table not in tables:
            raise NotThere(spoken.text("There is no such file."))
        makers: dict[str, Callable[[], bytes]] = {
            "json": lambda: _json(document),
            "csv": lambda: csv_text(tables[table], Dialect.RFC4180).encode(),
            "xlsx": lambda: paper_workbook(paper, spoken),
            "html": lambda: paper_page(paper, spoken).encode(),
        }
        dates = f"{document['before']['on']}-{document['after']['on']}"
        part = f"-{table}" if form == "csv" else ""
        return await self._download(form, makers, f"fleetgauge-difference-{dates}{part}", spoken)

    async def _compared(self, request: Request) -> Any:
        asked, _ = await self._asked(request)
        document = await self._report(asked._replace(by=None))
        before = asked.compare or await self._usual_before(request, asked.on)
        indicator = self._indicator(request, document)

        def differ(connection: Connection) -> Any:
            return self._reports.difference(connection, before, asked.on, indicator)

        return await self._shelf.get(("difference", before, asked.on, indicator), differ)

    async def _usual_before(self, request: Request, on: date) -> date:
        """Return the same date a year before, or a week before where that is not recorded."""
        first, _ = await self._stored(request)
        then = year_before(on)
        return then if then >= first else max(first, on - timedelta(days=7))

    async def _districts(self, request: Request) -> Response:
        asked, _ = await self._asked(request)
        document = await self._report(asked._replace(by="municipality"))
        indicator = self._indicator(request, document)
        fleet = (await self._source.look()).fleet
        found = await run_sync(districts, self._borders, document, indicator, fleet)
        made = encoded(_json(found), "application/geo+json")
        return answer(request, made, {"Cache-Control": "no-store"})

    async def _file(self, request: Request) -> Response:
        asked, _ = await self._asked(request)
        document = await self._report(asked)
        spoken, form = self._pages.language(request), request.path_params["form"]
        makers: dict[str, Callable[[], bytes]] = {
            "json": lambda: _json(document),
            "csv": lambda: _csv(document),
            "xlsx": lambda: kpi_workbook(document, spoken),
            "html": lambda: kpi_page(document, spoken).encode(),
        }
        return await self._download(form, makers, f"fleetgauge-{document['on']}", spoken)

    async def _download(
        self, form: str, makers: Mapping[str, Callable[[], bytes]], name: str, spoken: Language
    ) -> Response:
        if form not in makers:
            raise NotThere(spoken.text("There is no such file."))
        body = await run_sync(makers[form])
        headers = {
            "Content-Disposition": f'attachment; filename="{name}.{form}"',
            "Cache-Control": "no-store",
        }
        return Response(body, media_type=_FORMS[form], headers=headers)

    async def _report(self, asked: Asked) -> KpiDocument:
        return await self._shelf.get(asked, lambda link: self._reports.report(link, asked))

    async def _asked(self, request: Request) -> tuple[Asked, date]:
        """Return what the address asks for, and the last day that there is anything of.

        Raises:
            NotThere: nothing is recorded of it.
        """
        first, last = await self._stored(request)
        on = self._date(request, "on") or max(first, last - timedelta(days=1))
        compare = self._date(request, "compare")
        for day in filter(None, (on, compare)):
            await self._check_recorded(request, day)
        return Asked(on, compare, self._one_of(request, "by", GROUPINGS) or "municipality"), last

    async def _check_recorded(self, request: Request, day: date) -> None:
        first, last = await self._stored(request)
        if not first <= day <= last:
            interval: Any = {"from": first.isoformat(), "to": last.isoformat()}
            spoken = self._pages.language(request)
            why = kpi_notes.not_recorded(spoken, day.isoformat(), interval)
            raise NotThere(f"{words.sentence(why)}.")

    async def _stored(self, request: Request) -> tuple[date, date]:
        stored = await self._shelf.get("stored", stored_days)
        if stored is None:
            raise NotThere(self._pages.language(request).text("Nothing is recorded yet."))
        # A clock that is ahead records of tomorrow.
        today = datetime.now(UTC).astimezone(self._options.zone).date()
        return min(stored.first, today), min(stored.last, today)

    def _indicator(self, request: Request, document: KpiDocument) -> str:
        return self._one_of(request, "indicator", document["indicators"]) or TRACKABLE

    def _date(self, request: Request, name: str) -> date | None:
        """Return the date that the address asks for; None: it does not."""
        text = asked_for(request, name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            why = self._pages.language(request).text(
                "%(value)s is not a date such as 2024-12-31.", value=f"{name}={text}"
            )
            raise WrongValue(why) from None

    def _one_of(self, request: Request, name: str, known: Iterable[str]) -> str:
        """Return which of the known values the address asks for, else an empty text."""
        text = asked_for(request, name)
        if text and text not in known:
            why = self._pages.language(request).text(
                "%(value)s is not one of %(known)s.",
                value=f"{name}={text}",
                known=", ".join(known),
            )
            raise WrongValue(why)
        return text


def _query(asked: Asked) -> dict[str, object]:
    return {"on": asked.on, "compare": asked.compare, "by": asked.by}


def _at_end(figure: Figure) -> int:
    return figure["period"]["at_end"]["vehicles"] if "period" in figure else figure["vehicles"]


def _behind(asked: Asked, indicator: str, counts: str = "", group: str | None = "") -> str:
    """Return the address of the vehicles behind a number."""
    name = ABSENT if group is None else group
    return link("/figures/vehicles", _query(asked), indicator=indicator, counts=counts, group=name)


def _group(vehicle: Vehicle, by: str | None) -> str:
    if by is None:
        return ""
    if by == OPERATOR:
        return str(vehicle["operator_id"])
    return vehicle.get(attribute_of(by)) or ABSENT


def _is_chosen(vehicle: Vehicle, indicator: str, counts: str) -> bool:
    found = vehicle[indicator]
    does_count = found["equipped"] if isinstance(found, dict) else found
    return counts not in {"yes", "no"} or bool(does_count) == (counts == "yes")


def _month_ends(on: date) -> list[date]:
    """Return the date and the last days of the months before it, the newest first."""
    ends = [on]
    while len(ends) <= MONTHS:
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    return ends


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _csv(document: KpiDocument) -> bytes:
    file = io.StringIO()
    write_csv(document, file)
    return file.getvalue().encode()
