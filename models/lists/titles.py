"""What the columns of lists are called, in English and in Russian: the one table of titles.

Case, spaces, punctuation, and the form of the values in brackets make no difference; № is номер.
"""

from collections.abc import Mapping
from typing import Final

TITLES: Final[Mapping[str, tuple[str, ...]]] = {
    "operator_id": (
        "operator", "operator code", "carrier", "carrier id", "agency", "agency id",
        "перевозчик", "код перевозчика", "id перевозчика", "наименование перевозчика",
        "оператор", "код оператора", "организация", "предприятие",
    ),
    "vehicle_id": (
        "vehicle", "vehicle no", "vehicle number", "vehicle code", "fleet number", "fleet no",
        "bus", "bus no", "bus number",
        "гаражный номер", "гар номер", "гаражный", "бортовой номер", "борт номер", "id тс",
        "код тс", "номер автобуса", "парковый номер",
    ),
    "plate": (
        "license plate", "licence plate", "number plate", "plate number", "plate no",
        "registration", "registration number", "registration plate",
        "госномер", "гос номер", "государственный номер", "грз", "гос рег знак", "госрегзнак",
        "государственный регистрационный знак", "государственный регистрационный номер",
        "регистрационный знак", "регистрационный номер", "рег номер", "рег знак", "номерной знак",
    ),
    "route_id": (
        "route", "route no", "route number", "line", "line number",
        "маршрут", "номер маршрута", "маршрут номер",
    ),
    "depot": (
        "garage", "base", "yard",
        "парк", "автопарк", "депо", "площадка", "гараж", "автоколонна", "место стоянки",
    ),
    "municipality": (
        "city", "town", "district",
        "муниципалитет", "муниципальное образование", "мо", "район", "город",
        "муниципальный район", "городской округ", "населенный пункт",
    ),
    "vehicle_type": (
        "type", "bus type",
        "тип", "тип тс", "тип транспортного средства", "тип автобуса", "вид тс", "вид транспорта",
    ),
    "service_kind": (
        "service", "service type", "kind of service",
        "вид сообщения", "вид перевозок", "тип перевозок", "вид маршрута", "сообщение",
    ),
    "in_service_from": (
        "in service since", "service start", "start date", "commissioned", "valid from",
        "дата ввода", "дата ввода в эксплуатацию", "введен в эксплуатацию", "ввод в эксплуатацию",
        "дата начала эксплуатации", "в эксплуатации с", "дата начала", "работает с",
    ),
    "in_service_to": (
        "in service until", "service end", "end date", "decommissioned", "valid to", "valid until",
        "дата вывода", "дата вывода из эксплуатации", "выведен из эксплуатации", "дата списания",
        "дата окончания эксплуатации", "в эксплуатации по", "дата окончания", "работает по",
    ),
    "cctv": (
        "cameras", "camera", "video surveillance",
        "видеонаблюдение", "видеонаблюдение в салоне", "наличие видеонаблюдения", "видеокамеры",
        "камеры", "система видеонаблюдения",
    ),
    "cashless": (
        "cashless payment", "card payment", "validator", "validators",
        "безналичная оплата", "безналичная оплата проезда", "безнал", "безналичный расчет",
        "наличие безналичной оплаты", "валидатор", "терминал оплаты", "оплата картой",
    ),
    "air_conditioning": ("air conditioner", "кондиционер", "кондиционирование", "климат контроль"),
    "passenger_counter": (
        "passenger counting", "apc", "асмпп", "подсчет пассажиров", "счетчик пассажиров",
    ),
    "trackable": (
        "tracked", "online", "on line", "is tracked",
        "на связи", "отслеживается", "передает данные", "наличие связи", "глонасс",
    ),
    "indicator": ("показатель", "индикатор", "наименование показателя"),
    "from": ("since", "begin", "с", "период с", "начало", "начало периода"),
    "to": ("until", "end", "по", "период по", "конец", "окончание", "конец периода"),
    "ratio": ("target", "plan", "план", "плановое значение", "целевое значение", "доля"),
    "days": ("day", "weekdays", "дни", "дни недели", "день недели"),
    "date": ("holiday", "дата", "праздник", "праздничный день"),
    "name": ("title", "название", "наименование"),
    "title": ("heading", "заголовок", "название столбца"),
    "column": ("field", "столбец", "колонка", "поле"),
}  # fmt: skip
"""By column, beside its own name; a list takes the titles of those columns that it can have."""
