"""Auth's own settings."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What auth needs besides what every service needs."""

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

    @model_validator(mode="after")
    def _settle(self) -> Self:
        production = self.environment == "production"
        if production and not (self.signing_key or self.signing_key_file):
            raise ValueError("auth: SIGNING_KEY or SIGNING_KEY_FILE is not set")
        if production and not self.smtp_url:
            raise ValueError("auth: SMTP_URL is not set")
        self.public_url = self.public_url.rstrip("/")
        if self.email_verification is None:
            self.email_verification = "required" if production else "off"
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
