"""Which form of a report a caller accepts."""

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Header

from common.errors import DomainError


class Form(StrEnum):
    """The forms a report comes in."""

    JSON = "application/json"
    MARKDOWN = "text/markdown"


class NotAcceptable(DomainError):
    """The caller accepts none of the forms there are."""

    status = 406
    code = "not_acceptable"
    title = "Not available in that form"


def report_form(
    accept: Annotated[str, Header(description="`application/json` or `text/markdown`.")] = "*/*",
) -> Form:
    """Return the form the caller likes best.

    Raises:
        NotAcceptable: none of those named is available.
    """
    for _, media_type in sorted(_wishes(accept), key=lambda wish: -wish[0]):
        if media_type in ("*/*", "application/*", Form.JSON, "application/problem+json"):
            return Form.JSON
        if media_type in ("text/*", Form.MARKDOWN):
            return Form.MARKDOWN
    raise NotAcceptable("The report comes as application/json or text/markdown.")


def _wishes(accept: str) -> list[tuple[float, str]]:
    wishes: list[tuple[float, str]] = []
    for part in accept.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _number(value)
        if media_type and quality > 0:
            wishes.append((quality, media_type))
    return wishes


def _number(value: str) -> float:
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


ReportForm = Annotated[Form, Depends(report_form)]
