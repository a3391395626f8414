"""All settings: environment variables with the prefix FLEETGAUGE_, read once, then passed down."""

import os
import re
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from models.broker import BrokerUrl, MqttVersion, parse_broker_url
from models.rules import Rules, ServiceArea
from models.topic_filter import is_topic_filter
from storage.connection import is_connection_string

PREFIX = "FLEETGAUGE_"

DEFAULT_TOPICS = ("fleet/#", "/hfp/v2/#", "owntracks/#", "traccar/positions")


class SettingsError(Exception):
    """A variable has a wrong value; the message names it and says what it takes."""


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> timedelta:
    """Read ``90s``, ``5m``, ``1h``, ``30d`` or plain seconds.

    Raises:
        ValueError: it is none of them.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip())
    if match is None:
        raise ValueError(f"expected a duration such as 90s, 5m, 1h or 30d, got {text!r}")
    try:
        return timedelta(seconds=float(match[1]) * _UNITS[match[2] or "s"])
    except OverflowError as error:
        raise ValueError(f"{text!r} is longer than any clock runs") from error


def parse_address(text: str) -> Address:
    """Read ``host:port``, ``[v6]:port``, or ``:port`` for every interface.

    Raises:
        ValueError: it is none of them.
    """
    host, colon, port = text.strip().rpartition(":")
    if not (colon and port.isdecimal() and int(port) <= 65535):
        raise ValueError(f"expected host:port, got {text!r}")
    return Address(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 (asked for by `:port`)


def _parsed(kind: type, parse: Any) -> PlainValidator:
    return PlainValidator(lambda value: value if isinstance(value, kind) else parse(str(value)))


def _split(value: Any) -> Any:
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


def _service_area(text: str) -> ServiceArea:
    try:
        area = ServiceArea(*(float(number) for number in text.split(",")))
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected west,south,east,north in degrees, got {text!r}") from error
    if not (-180 <= area.west < area.east <= 180 and -90 <= area.south < area.north <= 90):
        raise ValueError(f"expected west < east and south < north, in degrees, got {text!r}")
    return area


def _time_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (LookupError, OSError, ValueError) as error:
        raise ValueError(
            f"expected an IANA time zone such as Europe/Moscow, got {text!r}"
        ) from error


Duration = Annotated[timedelta, _parsed(timedelta, parse_duration)]


class Settings(BaseSettings):
    """Every setting with its default; frozen, built in the command line, passed down."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", enable_decoding=False
    )

    mqtt_url: Annotated[BrokerUrl, _parsed(BrokerUrl, parse_broker_url)] = BrokerUrl("127.0.0.1")
    """The broker: mqtt[s]://user:password@host:port."""
    mqtt_protocol: MqttVersion = MqttVersion.AUTO
    """auto: 5, and 3.1.1 with a broker that refuses 5; 5 or 3.1.1: that and no other."""
    mqtt_client_id: str = Field("fleetgauge-ingest", min_length=1, max_length=64)
    """The fixed client id of ingest's session; two workers need two."""
    mqtt_ca_file: Path | None = None
    """Certificates to trust beside the system's, for mqtts."""
    mqtt_receive_maximum: Annotated[int, Field(ge=1, le=65535)] = 20_000
    """How many messages the broker may have in flight to one worker (MQTT 5)."""
    mqtt_session_expiry: Duration = timedelta(days=7)
    """How long the broker keeps the session of a worker that is away (MQTT 5)."""
    mqtt_start_timeout: Duration = timedelta(seconds=30)
    """How long ingest waits at its start until the broker accepts it and its subscription."""
    topics: Annotated[tuple[str, ...], BeforeValidator(_split)] = DEFAULT_TOPICS
    """Topic filters to subscribe to, comma-separated; $share/group/filter is taken too."""

    database_url: SecretStr = SecretStr("postgresql://fleetgauge@127.0.0.1:5432/fleetgauge")
    """The database: postgresql://user:password@host:port/name."""

    batch_size: PositiveInt = 5_000
    """Reports after which a batch is written, however young."""
    batch_age: Duration = timedelta(milliseconds=200)
    """Age of its oldest message at which a batch is written though more keep arriving."""
    worker: str = Field("ingest", min_length=1, max_length=64)
    """The name under which this worker's account of outcomes is kept."""
    rejected_kept_per_hour: PositiveInt = 1_000
    """Refused messages of an operator that are kept in an hour; the others are counted only."""

    max_age: Duration = timedelta(days=30)
    """A report observed longer ago is refused."""
    max_skew: Duration = timedelta(seconds=60)
    """A report observed further ahead of its reception is refused."""
    service_area: Annotated[ServiceArea, _parsed(ServiceArea, _service_area)] | None = None
    """west,south,east,north in degrees; a position outside is refused. Unset: no limit."""
    time_zone: Annotated[str, _parsed(ZoneInfo, _time_zone)] = "Europe/Moscow"
    """The service days' time zone of an operator that has none of its own."""
    windows: Annotated[tuple[Duration, ...], BeforeValidator(_split)] = (
        timedelta(seconds=90),
        timedelta(minutes=5),
        timedelta(hours=1),
        timedelta(hours=24),
    )
    """The windows of the tracking share, comma-separated."""
    min_group_size: PositiveInt = 5
    """A smaller group shows its counts and no ratio."""
    deaf_limit: Duration = timedelta(minutes=15)
    """A day or a moment is marked where no worker was connected for longer."""

    metrics_address: Annotated[Address, _parsed(Address, parse_address)] = Address(
        "127.0.0.1", 9108
    )
    """Where `fleetgauge metrics` listens."""
    probe_interval: Duration = timedelta(seconds=15)
    """How often `fleetgauge metrics` sends a report of its own through broker and database."""
    ingest_address: Annotated[Address, _parsed(Address, parse_address)] = Address("127.0.0.1", 9107)
    """Where `fleetgauge ingest` listens."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"
    """auto: JSON unless the log goes to a terminal."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments, then the environment; ``load_settings`` has resolved the files."""
        return init_settings, env_settings

    @field_validator("topics")
    @classmethod
    def _topic_filters(cls, topics: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in topics if not is_topic_filter(name)]
        if wrong or not topics:
            found = ", ".join(wrong) or "none"
            raise ValueError(f"expected MQTT topic filters such as fleet/#, got {found}")
        return topics

    @field_validator("database_url")
    @classmethod
    def _connection_string(cls, url: SecretStr) -> SecretStr:
        if not is_connection_string(url.get_secret_value()):
            # Not repeated: it may hold a password.
            raise ValueError("expected postgresql://user:password@host:port/name")
        return url

    @field_validator("mqtt_ca_file")
    @classmethod
    def _certificates(cls, file: Path | None) -> Path | None:
        if file is not None:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
            except OSError as error:
                raise ValueError(
                    f"expected a file of certificates, PEM, got {str(file)!r}: "
                    f"{error.strerror or error}"
                ) from error
        return file

    @property
    def rules(self) -> Rules:
        """The tolerances by which reports are judged."""
        return Rules(self.max_age, self.max_skew, self.service_area)


def load_settings(**given: Any) -> Settings:
    """Read the environment; arguments that are not None win over it.

    Raises:
        SettingsError: naming the variable and what it takes.
    """
    chosen = _secrets_from_files() | {k: v for k, v in given.items() if v is not None}
    try:
        return Settings(**chosen)
    except ValidationError as error:
        raise SettingsError("; ".join(_complaints(error))) from error


def _secrets_from_files() -> dict[str, str]:
    """Read each setting whose ``…_FILE`` variable names a file."""
    secrets = {}
    for name in Settings.model_fields:
        variable = f"{PREFIX}{name.upper()}_FILE"
        path = os.environ.get(variable)
        if path is None or name.endswith("_file"):
            continue
        if f"{PREFIX}{name.upper()}" in os.environ:
            raise SettingsError(f"{variable} and {PREFIX}{name.upper()} are both set: keep one")
        try:
            secrets[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{variable}: cannot read {path!r}: {error}") from error
    return secrets


def _complaints(error: ValidationError) -> list[str]:
    found = []
    for item in error.errors(include_url=False, include_input=False):
        # A tuple's element is located by its index: the variable is the first part alone.
        variable = f"{PREFIX}{str(item['loc'][0]).upper()}: " if item["loc"] else PREFIX
        found.append(variable + item["msg"].removeprefix("Value error, "))
    return found
