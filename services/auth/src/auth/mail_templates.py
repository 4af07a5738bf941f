"""What each kind of mail says, and the token that goes with it."""

from dataclasses import dataclass

from auth.models import MailPurpose


@dataclass(frozen=True)
class MailTemplate:
    """One kind of mail. `text` may hold {link}, {url} and {about}.

    A `purpose` gives it a link to `path` with a token; `for_anybody` says that people not signed in can ask for it.
    """

    subject: str
    text: str
    purpose: MailPurpose | None = None
    path: str = ""
    for_anybody: bool = False


TEMPLATES = {
    "verify": MailTemplate(
        "Confirm your address",
        "Confirm that this address is yours by opening\n\n    {link}\n\nThe link works once, for an hour.",
        MailPurpose.VERIFY,
        "/verify-email",
        for_anybody=True,
    ),
    "reset": MailTemplate(
        "Choose a new password",
        "Choose a new password by opening\n\n    {link}\n\nThe link works once, for an hour. If you did not"
        " ask for it, nothing has to be done.",
        MailPurpose.RESET,
        "/reset-password",
        for_anybody=True,
    ),
    "known": MailTemplate(
        "You have an account already",
        "Somebody, perhaps you, wanted to register with this address, which has an account already. Sign in, or"
        " ask for a new password at\n\n    {url}",
        for_anybody=True,
    ),
    "locked": MailTemplate(
        "Your account is locked for a while",
        "There were too many wrong passwords, so nobody can sign in for a while. Sessions you have go on. If that"
        " was not you, ask for a new password at\n\n    {url}",
    ),
    "changed": MailTemplate(
        "Your password was changed",
        "Your password was changed and your other sessions were ended. If that was not you, ask for a new"
        " password at\n\n    {url}",
    ),
    "report": MailTemplate(
        "Your interview report is ready",
        "Every answer of your interview for {about} is evaluated. Read the report at\n\n    {url}",
    ),
}
