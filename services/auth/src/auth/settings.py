"""Auth's own settings."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from common import production
from common.production import Allowance, Problem
from common.settings import ServiceSettings

FEWEST_ROUNDS = 12
ENCRYPTED_MAIL = ("smtps", "smtp+starttls")


class Settings(ServiceSettings):
    """What auth needs besides what every service needs."""

    asks_for_keys: ClassVar[bool] = False

    service: str = "auth"
    email_verification: Literal["required", "off"] | None = None
    signing_key: SecretStr | None = Field(default=None, description="The Ed25519 private key itself, as PEM.")
    signing_key_file: Path | None = Field(default=None, description="Where that key is kept instead.")
    retired_key_file: Path | None = Field(
        default=None, description="The key before or after it: published, never signing."
    )
    public_url: str = "http://127.0.0.1:8080"
    smtp_url: SecretStr | None = None
    mailbox_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Who knows it reads the mails in the folder; without it nobody does.",
    )
    mail_folder: Path = Path(".devstack/mail")
    mail_from: str = "InterviewAce <no-reply@interviewace.example>"
    bcrypt_rounds: int = Field(default=12, ge=10, le=16)
    hashing_threads: int = Field(default=2, ge=1)
    hashing_queue: int = Field(default=32, ge=1)

    def production_problems(self) -> Iterator[Problem]:
        """Find out about keys, mail, links and passwords, besides what every service asks."""
        yield from super().production_problems()
        yield from self._key_problems()
        yield from self._mail_problems()
        if self.bcrypt_rounds < FEWEST_ROUNDS:
            yield Problem(f"BCRYPT_ROUNDS is under {FEWEST_ROUNDS}: passwords would be guessed too fast")
        if self.email_verification == "off":
            yield Problem("EMAIL_VERIFICATION is off: set required", Allowance.UNVERIFIED_EMAIL)

    def _key_problems(self) -> Iterator[Problem]:
        if not (self.signing_key or self.signing_key_file):
            yield Problem("SIGNING_KEY or SIGNING_KEY_FILE is not set")
        files = {"SIGNING_KEY_FILE": self.signing_key_file, "RETIRED_KEY_FILE": self.retired_key_file}
        for name, path in files.items():
            if path is None:
                continue
            if not path.exists():
                yield Problem(f"{name} names {path}, which does not exist")
            elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                yield Problem(f"{name} may be read by others: chmod 600 {path}", Allowance.READABLE_KEY_FILE)

    def _mail_problems(self) -> Iterator[Problem]:
        smtp = self.smtp_url.get_secret_value() if self.smtp_url else ""
        if not smtp:
            yield Problem("SMTP_URL is not set")
        elif urlsplit(smtp).scheme not in ENCRYPTED_MAIL:
            text = f"SMTP_URL sends mails unencrypted: make it {' or '.join(f'{name}://' for name in ENCRYPTED_MAIL)}"
            yield Problem(text, Allowance.SMTP_WITHOUT_TLS)
        yield from production.password_problems("SMTP_URL", smtp, None)
        yield from production.public_url_problems(self.public_url)

    @model_validator(mode="after")
    def _settle(self) -> Self:
        self.public_url = self.public_url.rstrip("/")
        if self.email_verification is None:
            self.email_verification = "required" if self.environment == "production" else "off"
        return self

    @property
    def verifies_email(self) -> bool:
        """True where an account can be used only once its address was proved."""
        return self.email_verification == "required"

    @property
    def shows_mails(self) -> bool:
        """True where who has the token may read the mails in the folder: in a run that is said to be local."""
        local = self.environment == "local" and "environment" in self.model_fields_set
        return local and self.smtp_url is None and self.mailbox_token is not None
