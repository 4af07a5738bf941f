"""What can go wrong for a user: one class per kind of failure, each with its HTTP status and a stable code."""

from collections.abc import Mapping
from typing import ClassVar


class DomainError(Exception):
    """A failure the caller can understand and act on.

    The message says what happened and what to do; it is shown to the user as the problem's `detail`. `headers` go with
    the response, those of the class always; `retry_after`, in seconds, becomes one of them. `extensions` become members
    of the problem document beside the standard ones (RFC 9457).
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong"
    headers: Mapping[str, str] = {}

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after = retry_after
        wait = {} if retry_after is None else {"Retry-After": str(max(1, round(retry_after)))}
        self.headers = {**type(self).headers, **wait, **(headers or {})}
        self.extensions = dict(extensions or {})


class EntityNotFoundError(DomainError):
    """There is no such thing, or it belongs to somebody else."""

    status = 404
    code = "not_found"
    title = "Not found"


class AuthenticationError(DomainError):
    """The caller did not prove who they are."""

    status = 401
    code = "not_authenticated"
    title = "Sign in first"
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class TokenError(AuthenticationError):
    """A token is missing, malformed, expired, spent or revoked."""

    code = "invalid_token"
    title = "The token is not valid"


class SessionEnded(TokenError):
    """The token is genuine, but its session was ended."""

    title = "This session has ended; sign in again"


class AuthorizationError(DomainError):
    """The caller is known and may not do this."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class DuplicateEntityError(DomainError):
    """It exists already, or its state forbids the change."""

    status = 409
    code = "conflict"
    title = "Conflict with the current state"


class ValidationError(DomainError):
    """The request was understood and its content is not acceptable."""

    status = 422
    code = "validation_failed"
    title = "The request is not valid"


class PasswordPolicyError(ValidationError):
    """The password breaks the policy; the detail says which rule."""

    code = "password_policy"
    title = "The password is not acceptable"


class FileValidationError(DomainError):
    """The file is not one that can be taken; the detail says why."""

    status = 400
    code = "invalid_file"
    title = "The file is not acceptable"


class ResumeProcessingError(DomainError):
    """A résumé that was accepted could not be read."""

    code = "resume_processing_failed"
    title = "The résumé could not be read"


class LLMProviderError(DomainError):
    """No language model answered usefully."""

    status = 503
    code = "llm_unavailable"
    title = "No language model is available"


class EmailDeliveryError(DomainError):
    """A mail could not be handed over for delivery."""

    code = "email_delivery_failed"
    title = "The mail could not be sent"


class ServiceUnavailableError(DomainError):
    """A part this request needs is not reachable at the moment."""

    status = 503
    code = "unavailable"
    title = "Temporarily unavailable"


class EventTooLargeError(ValidationError):
    """What an event would say is larger than an event may be; the change it announces is refused with it."""

    code = "event_too_large"
    title = "Too much at once"
