"""Content negotiation (RFC 9110, section 12): the `Accept` header."""

from common.errors import DomainError


class NotAcceptable(DomainError):
    """The caller accepts none of the forms there are."""

    status = 406
    code = "not_acceptable"
    title = "Not available in that form"


def accepted(accept: str) -> list[tuple[float, str]]:
    """Return the media types of an `Accept` header that are wanted at all, each with its quality."""
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
