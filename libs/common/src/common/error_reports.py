"""Errors nobody thought of, reported by Sentry's protocol where `SENTRY_DSN` is set, without any text of a person."""

import importlib
import logging
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING

from common.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

TAGS = ("request_id", "trace_id", "code", "error", "task", "kind", "topic", "attempt")
FLUSH_SECONDS = 2.0


def configure(settings: Settings) -> None:
    """Report what this process logs as an error from now on, besides the handlers that `configure_logs` has just set.

    Without a DSN nothing is imported or sent.
    """
    if settings.sentry_dsn is None:
        return
    sdk = importlib.import_module("sentry_sdk")
    sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.environment,
        default_integrations=False,
        auto_enabling_integrations=False,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        server_name="",
        shutdown_timeout=FLUSH_SECONDS,
        before_send=without_texts,
    )
    logging.getLogger().addHandler(ErrorReporter(settings.service, sdk))


class ErrorReporter(logging.Handler):
    """Makes a report of each line logged as an error, from its event name, its ids and the types of its exceptions."""

    def __init__(self, service: str, sdk: types.ModuleType) -> None:
        super().__init__(logging.ERROR)
        self._service = service
        self._sdk = sdk

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record as a report; the SDK does that from a thread of its own."""
        if record.name.startswith(("sentry_sdk", "urllib3")):
            return
        # structlog hands its fields over as they are; a library's words may hold anything, so its name must do
        fields: Mapping[str, object] = record.msg if isinstance(record.msg, dict) else {}
        error = fields.get("exc_info") or (record.exc_info and record.exc_info[1])
        event: Event = {"level": "error"}
        if isinstance(error, BaseException):
            event, _ = self._sdk.utils.event_from_exception(error, self._sdk.get_client().options)
        name = str(fields.get("event") or f"error logged by {record.name}")
        event["logger"] = record.name
        event["message"] = name
        event["tags"] = {"event": name, "service": self._service} | {
            tag: str(fields[tag]) for tag in TAGS if fields.get(tag)
        }
        self._sdk.capture_event(event)


def without_texts(event: "Event", _: "Hint") -> "Event":
    """Return a report without what exceptions say: types, modules and places stay, messages may quote anybody."""
    event.pop("request", None)
    event.pop("user", None)
    event.pop("extra", None)
    event.pop("breadcrumbs", None)
    for exception in (event.get("exception") or {}).get("values", []):
        exception["value"] = ""
        for frame in (exception.get("stacktrace") or {}).get("frames", []):
            frame.pop("vars", None)
    return event


def flush() -> None:
    """Send what still waits; called at shutdown."""
    if any(isinstance(handler, ErrorReporter) for handler in logging.getLogger().handlers):
        importlib.import_module("sentry_sdk").flush(FLUSH_SECONDS)
