"""Settings every process shares. The environment is the configuration; it is read once, in main.py."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AnyHttpUrl, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from common import production
from common.production import Allowance, Problem

DAY = 86_400
EVENT_BYTES = 524_288


def listed(value: object) -> object:
    """Split a list that is written with commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Listed = Annotated[list[str], NoDecode, BeforeValidator(listed)]


class GuardedSettings(BaseSettings):
    """Settings that are those of production unless told otherwise, and that production may refuse."""

    # an error at the start says what is wrong, and shows nothing of the environment
    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    environment: Literal["local", "production"] = "production"
    production_allows: Listed = Field(default_factory=list)

    @property
    def process(self) -> str:
        """What a refusal calls the process."""
        return type(self).__module__

    def production_problems(self) -> Iterator[Problem]:
        """Find out what production should not start with; each kind of settings adds its own."""
        yield from ()

    @model_validator(mode="after")
    def _refuse_what_production_should_not_start_with(self) -> Self:
        if self.environment == "production":
            message = production.refusal(self.process, self.production_problems(), self.production_allows)
            if message:
                raise ValueError(message)
        return self


class Settings(GuardedSettings):
    """What every process needs, the gateway too."""

    asks_for_keys: ClassVar[bool] = True

    service: str
    version: str = ""
    revision: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    otel_exporter_otlp_endpoint: AnyHttpUrl | None = None
    otel_exporter_otlp_metrics_endpoint: AnyHttpUrl | None = None
    sentry_dsn: SecretStr | None = None
    metrics_port: int | None = Field(default=None, ge=1, le=65_535)
    metrics_host: str = "127.0.0.1"
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:16379/0")
    jwks_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8101/api/v1/auth/.well-known/jwks.json")
    token_issuer: str = "interviewace"  # noqa: S105 - a name, not a secret
    token_audience: str = "interviewace-api"  # noqa: S105 - a name, not a secret

    @property
    def process(self) -> str:
        """What a refusal calls the process."""
        return self.service

    def production_problems(self) -> Iterator[Problem]:
        """Find out about Redis, the address of auth's keys, and logs that tell what people wrote."""
        yield from super().production_problems()
        redis = self.redis_url.get_secret_value()
        yield from production.password_problems("REDIS_URL", redis, Allowance.PASSWORDLESS_REDIS)
        if self.asks_for_keys:
            yield from production.address_problems(
                "JWKS_URL", [self.jwks_url.host], is_set="jwks_url" in self.model_fields_set
            )
        if self.log_level == "DEBUG":
            yield Problem(
                "LOG_LEVEL=DEBUG has libraries log requests in full: set INFO", Allowance.DEBUG_LOGS
            )


class MessageSettings(BaseSettings):
    """How large an event may be and how long Kafka keeps it: one truth for the topics and for who uses them."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    event_bytes: int = Field(default=EVENT_BYTES, ge=16_384, le=16_777_216)
    kafka_retention: int = Field(
        default=7 * DAY, ge=DAY, description="Seconds a message stays on its topic, a dead letter too."
    )


class ServiceSettings(Settings, MessageSettings):
    """What a service with its own schema and events needs besides."""

    database_url: SecretStr = SecretStr("")
    database_pool_size: int = Field(default=10, ge=1, le=100)
    kafka_bootstrap_servers: str = "127.0.0.1:19092"
    kafka_idempotence: bool = True
    kafka_session_timeout_ms: int = Field(default=10_000, ge=1_000)
    outbox_keep: int = Field(default=3600, ge=0, description="Seconds a published outbox row is kept.")
    outbox_max_age: int = Field(default=60, ge=1, description="Seconds until a waiting event is not ready.")
    consumer_max_age: int = Field(
        default=20, ge=1, description="Seconds at one message, or without reading, until not ready."
    )
    inbox_keep: int = Field(
        default=8 * DAY, description="Seconds an event that was reacted to is remembered."
    )
    relay_lock: int = Field(default=10, ge=1, description="Seconds until a silent relay is taken over.")
    task_concurrency: int = Field(default=4, ge=1, le=64)
    task_owner_limit: int = Field(
        default=2, ge=1, description="Tasks of one owner done at once, by all workers of a service together."
    )
    task_keep: int = Field(default=604_800, ge=3600, description="Seconds an ended task is kept.")
    task_silence: float = Field(
        default=10, ge=1, description="Seconds without a heartbeat until another worker takes a task up."
    )

    def production_problems(self) -> Iterator[Problem]:
        """Find out about the database and Kafka."""
        yield from super().production_problems()
        database = self.database_url.get_secret_value()
        if database:
            yield from production.password_problems("DATABASE_URL", database, Allowance.PASSWORDLESS_DATABASE)
        else:
            yield Problem("DATABASE_URL is not set")
        brokers = [server.strip().rpartition(":")[0] for server in self.kafka_bootstrap_servers.split(",")]
        yield from production.address_problems(
            "KAFKA_BOOTSTRAP_SERVERS", brokers, is_set="kafka_bootstrap_servers" in self.model_fields_set
        )

    @model_validator(mode="after")
    def _name_what_is_missing(self) -> Self:
        if not self.database_url.get_secret_value():
            raise ValueError(f"{self.service}: DATABASE_URL is not set")
        if self.inbox_keep < self.kafka_retention + DAY:
            raise ValueError(
                f"{self.service}: INBOX_KEEP must be a day longer than KAFKA_RETENTION,"
                " or an event that Kafka still has takes effect twice"
            )
        return self
