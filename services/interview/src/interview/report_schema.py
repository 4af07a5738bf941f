"""The formats a report comes in."""

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Header

from common.web import negotiation
from common.web.negotiation import NotAcceptable


class ReportFormat(StrEnum):
    """The formats a report comes in."""

    JSON = "application/json"
    MARKDOWN = "text/markdown"


def report_format(
    accept: Annotated[str, Header(description="`application/json` or `text/markdown`.")] = "*/*",
) -> ReportFormat:
    """Return the format the caller likes best.

    Raises:
        NotAcceptable: none of those named is available.
    """
    for _, media_type in sorted(negotiation.accepted(accept), key=lambda wish: -wish[0]):
        if media_type in ("*/*", "application/*", ReportFormat.JSON, "application/problem+json"):
            return ReportFormat.JSON
        if media_type in ("text/*", ReportFormat.MARKDOWN):
            return ReportFormat.MARKDOWN
    raise NotAcceptable("The report comes as application/json or text/markdown.")


ReportFormatDep = Annotated[ReportFormat, Depends(report_format)]
