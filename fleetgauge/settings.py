"""All settings: environment variables with the prefix FLEETGAUGE_, read once, then passed down."""

import ssl
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from fleetgauge.environment import (
    PREFIX,
    SettingsError,
    shown_path,
    unknown_variables,
    values_from_files,
    variable_of,
)
from fleetgauge.gateway_values import parse_formats, parse_inputs, parse_operators
from fleetgauge.setting_values import (
    Address,
    checked_http_url,
    checked_prefix,
    checked_topics,
    parse_address,
    parse_duration,
    parse_memory,
    parse_service_area,
    parse_time_zone,
)
from models.broker import BrokerUrl, MqttVersion, load_certificate, parse_broker_url
from models.decode import DEFAULT_TOPICS
from models.equipment import BUILT_IN, Kinds, check_kinds
from models.gateways import UNIQUE_ID, EquipmentInput, Gateways, Traccar
from models.indicator import DEFAULT_WINDOWS, indicators_of
from models.json_format import JsonFormat
from models.period import PeriodRules, parse_period_rules, unknown_indicators
from models.retention import Retention
from models.rules import Rules, ServiceArea
from models.topic_filter import overlap, prefixed, unshared
from reports.language import LanguageCode
from storage.connection import has_at_sign_in_host, is_connection_string
from storage.writing.quotas import Quotas
from storage.writing.ways import DEFAULT_METRES


def _parsed(kind: type, parse: Any) -> PlainValidator:
    return PlainValidator(lambda value: value if isinstance(value, kind) else parse(str(value)))


def _split(value: Any) -> Any:
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


Duration = Annotated[timedelta, _parsed(timedelta, parse_duration)]
_SPARE: Final = timedelta(days=2)
Network = IPv4Network | IPv6Network
Names = Annotated[tuple[str, ...], BeforeValidator(_split)]


class Settings(BaseSettings):
    """Every setting with its default; frozen, built in the command line, passed down."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        enable_decoding=False,
        # docker-compose passes `FLEETGAUGE_WINDOWS=` of an .env file on as it stands.
        env_ignore_empty=True,
    )

    mqtt_url: Annotated[BrokerUrl, _parsed(BrokerUrl, parse_broker_url)] = BrokerUrl("127.0.0.1")
    """The broker: mqtt[s]://user:password@host:port, or ws[s]://user:password@host:port/path."""
    mqtt_protocol: MqttVersion = MqttVersion.AUTO
    """auto: 5, and 3.1.1 with a broker that refuses 5; 5 or 3.1.1: that and no other."""
    mqtt_client_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The client id of ingest's session; unset: drawn at random once, and kept in the database."""
    mqtt_ca_file: Path | None = None
    """Certificates to trust besides the system's, for mqtts and wss."""
    mqtt_cert_file: Path | None = None
    """Our own certificate, for a broker that asks for one; the key may be in the same file."""
    mqtt_key_file: Path | None = None
    """The key of that certificate, where it has a file of its own; not encrypted."""
    mqtt_receive_maximum: Annotated[int, Field(ge=1, le=65535)] = 60_000
    """How many messages the broker may have in flight to one worker (MQTT 5)."""
    mqtt_session_expiry: Duration = timedelta(days=7)
    """How long the broker keeps the session of a worker that is away (MQTT 5)."""
    mqtt_start_timeout: Duration = timedelta(seconds=30)
    """How long ingest waits at its start until the broker accepts it and its subscription."""
    topics: Annotated[Names, AfterValidator(checked_topics)] = DEFAULT_TOPICS
    """Topic filters to subscribe to, comma-separated; $share/group/filter works too."""
    topic_prefix: Annotated[str, AfterValidator(checked_prefix)] = ""
    """What stands before every topic at the broker, published or subscribed to: region-37/."""

    database_url: SecretStr = SecretStr("postgresql://fleetgauge@127.0.0.1:5432/fleetgauge")
    """The database: postgresql://user:password@host:port/name."""

    read_database_url: SecretStr | None = None
    """A replica of the database for all that only reads; unset: the database itself."""

    batch_size: PositiveInt = 20_000
    """Reports after which a batch is written, however young."""
    batch_age: Duration = timedelta(milliseconds=150)
    """Age of its oldest message at which a batch is written though more keep arriving."""
    workers_share: Literal["group", "filters"] = "group"
    """What several workers share: a group's subscription, or the filters in FLEETGAUGE_TOPICS."""
    worker: str = Field("ingest", min_length=1, max_length=64)
    """The name under which this worker's counts of received reports are kept."""
    rejected_kept_per_hour: PositiveInt = 1_000
    """Rejected messages kept per operator and hour; the others are only counted."""
    rejected_bytes_per_hour: PositiveInt = 4_000_000
    """Bytes of rejected messages kept per operator and hour; the others are only counted."""
    rejected_keep_personal: bool = False
    """Whether rejected messages are kept with personal fields, such as a driver's or a phone's."""
    new_vehicles_per_hour: PositiveInt = 2_000
    """Unregistered vehicles of an operator that may appear in an hour; others are rejected."""
    new_operators_per_hour: PositiveInt = 100
    """Operators that may appear in an hour without being registered; others are rejected."""

    max_age: Duration = timedelta(days=30)
    """A report observed longer ago is rejected."""
    max_skew: Duration = timedelta(seconds=60)
    """A report observed further ahead of its reception is rejected."""
    service_area: Annotated[ServiceArea, _parsed(ServiceArea, parse_service_area)] | None = None
    """west,south,east,north in degrees; a position outside is rejected. Unset: no limit."""
    time_zone: Annotated[str, _parsed(ZoneInfo, parse_time_zone)] = "Europe/Moscow"
    """The service days' time zone of an operator that has none of its own."""
    windows: Annotated[tuple[Duration, ...], BeforeValidator(_split)] = DEFAULT_WINDOWS
    """The windows of the tracking share, comma-separated."""
    min_group_size: PositiveInt = 5
    """A smaller group shows its counts and no ratio."""
    equipment: Annotated[Names, AfterValidator(check_kinds)] = BUILT_IN
    """Kinds of equipment, comma-separated; cctv and cashless are always among them."""
    traccar_operators: Annotated[Mapping[str, str], _parsed(dict, parse_operators)] = {}
    """Numbers of Traccar's groups and their operators, comma-separated; * is any other group."""
    traccar_operator_attribute: str = "operatorId"
    """The attribute of Traccar's devices that names the operator, before any group."""
    traccar_vehicle: str = UNIQUE_ID
    """What names a vehicle of Traccar's: uniqueId, name, or an attribute of the device."""
    traccar_equipment: Annotated[tuple[EquipmentInput, ...], _parsed(tuple, parse_inputs)] = ()
    """What attributes of Traccar's positions say of equipment, comma-separated."""
    owntracks_accuracy: PositiveInt = 200
    """A position of OwnTracks that may be further off, in metres, is no fix."""
    json_formats: Annotated[tuple[JsonFormat, ...], _parsed(tuple, parse_formats)] = ()
    """Other gateways' JSON, described in TOML."""
    tracked_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    """Distinct minutes with a fix that make a local day a tracked day."""
    trailing_days: Annotated[int, Field(ge=1, le=366)] = 7
    """Days up to the date of a report among which a tracked day is looked for."""
    live_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    """Minutes of a tracked day that must have been received live; 0: late ones are enough."""
    route_metres: Annotated[int, Field(ge=1, le=5000)] = DEFAULT_METRES
    """How far from its route's shape, where there is one, a position is still on it."""
    published_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    """Minutes of a local day in the public feeds that make a vehicle openly published."""
    period_rules: Annotated[PeriodRules, _parsed(dict, parse_period_rules)] = {}
    """What reports give of indicators: as of the date's end, or the mean or minimum of a period."""
    downtime_limit: Duration = timedelta(minutes=15)
    """Ingest downtime of more than this marks a day of a report, or a moment."""
    language: LanguageCode | None = None
    """The language of tables, reports and pages; unset: the locale's."""

    keep_positions: Duration = timedelta(days=400)
    """How long positions are kept; 0: for ever. Unset: longer if older reports are taken."""
    archive: str | None = Field(None, min_length=1)
    """A folder or s3://bucket/folder: positions are thrown away only once they are in it."""
    compress_after: Duration = timedelta(days=7)
    """The age at which positions are compressed, where TimescaleDB can; 0: never."""
    keep_rejected: Duration = timedelta(days=90)
    """How long rejected messages are kept whole; 0: for ever."""
    keep_hours: Duration = timedelta(days=400)
    """How long the account of received reports is kept by the hour, after that by the day."""
    maintain_interval: Duration = timedelta(hours=1)
    """How often `fleetgauge metrics` throws away what is old enough; 0: never."""

    metrics_address: Annotated[Address, _parsed(Address, parse_address)] = Address(
        "127.0.0.1", 9108
    )
    """Where `fleetgauge metrics` listens."""
    probe_interval: Duration = timedelta(seconds=15)
    """How often `fleetgauge metrics` sends a self-probe through broker and database; 0: never."""
    broker_memory: Annotated[int, _parsed(int, parse_memory)] = 2 * 1024**3
    """The memory that Mosquitto may take before it is killed; at 70 % of it there is an alert."""
    ingest_address: Annotated[Address, _parsed(Address, parse_address)] = Address("127.0.0.1", 9107)
    """Where `fleetgauge ingest` listens."""
    web_address: Annotated[Address, _parsed(Address, parse_address)] = Address("127.0.0.1", 9109)
    """Where `fleetgauge web` listens."""
    web_feed_window: Duration = timedelta(seconds=90)
    """How old a position on the passengers' map and in the feeds may be."""
    web_plates: bool = False
    """Whether the feeds, which anybody may fetch, have the number plates."""
    web_map: bool = True
    """Whether there is a map for passengers, which anybody may open."""
    web_base_map: str | None = Field(None, min_length=1)
    """A PMTiles file, or an address of tiles with {z}, {x} and {y}; unset: none."""
    web_base_map_attribution: str | None = None
    """Whom the base map is from, as its licence wants it shown; unset: as its file has it."""
    web_borders: Path | None = None
    """A GeoJSON file with the districts' borders, for the heat map; unset: circles."""
    web_password: SecretStr | None = None
    """The password of the staff pages; unset: only users of this machine see them."""
    web_viewer_password: SecretStr | None = None
    """The password of those who may only look: no downloads, no registry."""
    web_user_header: str | None = None
    """The header in which a trusted proxy names whom it let in to the staff pages."""
    web_analysts: Annotated[tuple[str, ...] | None, BeforeValidator(_split)] = None
    """Whom of the proxy's users the registry and downloads are for, comma-separated; unset: all."""
    web_proxies: Annotated[tuple[Network, ...], BeforeValidator(_split)] = (
        IPv4Network("127.0.0.1/32"),
        IPv6Network("::1/128"),
    )
    """The addresses or networks of trusted proxies, comma-separated."""
    prometheus_url: Annotated[str, AfterValidator(checked_http_url)] | None = None
    """Where `fleetgauge check` asks Prometheus; unset: it does not."""
    grafana_url: Annotated[str, AfterValidator(checked_http_url)] | None = None
    """Where `fleetgauge check` asks Grafana; unset: it does not."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"
    """auto: JSON unless the log goes to a terminal."""

    @field_validator("database_url", "read_database_url")
    @classmethod
    def _connection_string(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        if not is_connection_string(url.get_secret_value()):
            # Not repeated: it may hold a password.
            raise ValueError("expected postgresql://user:password@host:port/name")
        if has_at_sign_in_host(url.get_secret_value()):
            # libpq would name the host, and with it the password's end, in every complaint.
            raise ValueError("an @ in a password is written %40")
        return url

    @field_validator("mqtt_ca_file")
    @classmethod
    def _certificates(cls, file: Path | None) -> Path | None:
        if file is not None:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
            except OSError as error:
                raise ValueError(
                    f"expected a file of certificates, PEM; cannot read {shown_path(str(file))}: "
                    f"{error.strerror or 'no certificate in it'}"
                ) from None
        return file

    @model_validator(mode="after")
    def _own_certificate(self) -> Self:
        if self.mqtt_cert_file is None:
            if self.mqtt_key_file is not None:
                raise ValueError(f"MQTT_KEY_FILE: {PREFIX}MQTT_CERT_FILE is missing")
            return self
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            load_certificate(context, self.mqtt_cert_file, self.mqtt_key_file)
        except OSError as error:
            files = (self.mqtt_cert_file, self.mqtt_key_file)
            named = " and ".join(shown_path(str(file)) for file in files if file is not None)
            # OpenSSL's own words name a line of its source.
            reason = "they are not PEM, or do not fit"
            if not isinstance(error, ssl.SSLError):
                reason = error.strerror or str(error)
            raise ValueError(
                "MQTT_CERT_FILE: expected a certificate and its key, unencrypted PEM; "
                f"cannot use {named}: {reason}"
            ) from None
        return self

    @model_validator(mode="after")
    def _late_reports_are_kept(self) -> Self:
        if timedelta() < self._positions_kept < self.max_age + _SPARE:
            raise ValueError(
                "KEEP_POSITIONS: expected 0, or at least two days more than "
                f"{PREFIX}MAX_AGE, up to which late reports are taken"
            )
        return self

    @property
    def topic_filters(self) -> tuple[str, ...]:
        """What is subscribed to, as the broker has it."""
        return tuple(prefixed(name, self.topic_prefix) for name in self.topics)

    @property
    def _positions_kept(self) -> timedelta:
        if "keep_positions" in self.model_fields_set:
            return self.keep_positions
        # Who takes older reports than usual has not asked for fewer positions.
        return max(self.keep_positions, self.max_age + _SPARE)

    @property
    def retention(self) -> Retention:
        """How long is kept what grows."""
        return Retention(
            self._positions_kept,
            self.keep_rejected,
            self.keep_hours,
            self.compress_after,
            self.archive is not None,
        )

    @property
    def quotas(self) -> Quotas:
        """How much is kept of what anybody who may publish can invent."""
        return Quotas(
            self.rejected_kept_per_hour,
            self.rejected_bytes_per_hour,
            self.new_vehicles_per_hour,
            self.new_operators_per_hour,
            self.rejected_keep_personal,
        )

    @property
    def reading_url(self) -> str:
        """The database for all that only reads, password included."""
        return (self.read_database_url or self.database_url).get_secret_value()

    @property
    def rules(self) -> Rules:
        """What messages are read by, and reports are judged by."""
        return Rules(
            self.max_age,
            self.max_skew,
            self.service_area,
            gateways=Gateways(
                Traccar(
                    self.traccar_operators,
                    self.traccar_operator_attribute,
                    self.traccar_vehicle,
                    self.traccar_equipment,
                ),
                float(self.owntracks_accuracy),
                self.json_formats,
                self.topic_prefix,
            ),
        )

    @model_validator(mode="after")
    def _of_each_other(self) -> Self:
        # What is raised here has no variable before it but the prefix.
        for each in self.traccar_equipment:
            if each.kind not in self.equipment:
                raise ValueError(f"TRACCAR_EQUIPMENT: FLEETGAUGE_EQUIPMENT has no {each.kind}")
        indicators = indicators_of(Kinds(self.equipment))
        for name in unknown_indicators(self.period_rules, indicators):
            raise ValueError(
                f"PERIOD_RULES: {name!r} is not an indicator (expected {', '.join(indicators)})"
            )
        for mapped in self.json_formats:
            if not any(overlap(mapped.topic_filter, unshared(name)) for name in self.topics):
                raise ValueError(
                    f"JSON_FORMATS: no filter in FLEETGAUGE_TOPICS covers {mapped.topic_filter}"
                )
        return self


def load_settings(**given: Any) -> Settings:
    """Read the environment; arguments that are not None take precedence.

    Raises:
        SettingsError: naming the variable and what is expected.
    """
    if unknown := unknown_variables(Settings.model_fields):
        raise SettingsError("; ".join(unknown))
    settings, complaints = _read(given)
    if settings is None:
        raise SettingsError("; ".join(complaints))
    return settings


def settings_and_complaints() -> tuple[Settings | None, list[str]]:
    """Read the environment; return the settings, and what is wrong with names and values.

    The settings are None where a value is wrong; names that are unknown leave the others as they
    are.
    """
    unknown = unknown_variables(Settings.model_fields)
    settings, complaints = _read({})
    return settings, unknown + complaints


def _read(given: dict[str, Any]) -> tuple[Settings | None, list[str]]:
    try:
        chosen: dict[str, Any] = {**values_from_files(Settings.model_fields)}
        chosen |= {name: value for name, value in given.items() if value is not None}
        return Settings(**chosen), []
    except ValidationError as error:
        return None, _complaints(error)
    except SettingsError as error:
        return None, [str(error)]


def _complaints(error: ValidationError) -> list[str]:
    found = []
    for item in error.errors(include_url=False, include_input=False):
        # A tuple's element is located by its index: the variable is the first part alone.
        variable = f"{variable_of(str(item['loc'][0]))}: " if item["loc"] else PREFIX
        found.append(variable + item["msg"].removeprefix("Value error, "))
    return found
