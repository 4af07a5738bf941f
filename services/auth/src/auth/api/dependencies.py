"""What auth's routes ask for, as types."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import ValidationError as InvalidModel
from redis.asyncio import Redis

from auth.keys import KeyRing
from auth.login_sessions import Device
from auth.passwords import Hasher
from auth.schemas import Credentials
from auth.settings import Settings
from common.errors import ValidationError
from common.web.base import resource

RedisCopy = Annotated[Redis, Depends(resource(Redis))]
Keys = Annotated[KeyRing, Depends(resource(KeyRing))]
Passwords = Annotated[Hasher, Depends(resource(Hasher))]
Configured = Annotated[Settings, Depends(resource(Settings))]


def device(request: Request) -> Device:
    """Return where the request comes from: the gateway says the address, nobody else reaches this service."""
    forwarded = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    direct = request.client.host if request.client else ""
    return Device(name=request.headers.get("user-agent", ""), address=forwarded or direct)


CallingDevice = Annotated[Device, Depends(device)]


async def credentials(request: Request) -> Credentials:
    """Return address and password from JSON, or from the OAuth2 form that API pages send.

    Raises:
        ValidationError: the body is neither.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            form = await request.form()
            return Credentials.model_validate(
                {"email": form.get("username"), "password": form.get("password")}
            )
        return Credentials.model_validate_json(await request.body())
    except InvalidModel as error:
        fields = ", ".join(".".join(map(str, detail["loc"])) or "body" for detail in error.errors())
        raise ValidationError(
            f"Send email and password as JSON, or username and password as a form: {fields}."
        ) from None


GivenCredentials = Annotated[Credentials, Depends(credentials)]
