"""The caller of a request, as a verified token names them, and what their role lets them do."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from common import paths
from common.errors import AuthenticationError, AuthorizationError, SessionEnded
from common.security.revocations import RevocationList
from common.security.tokens import Identity, Role, Verifier

bearer = OAuth2PasswordBearer(tokenUrl=f"{paths.AUTH}/login", auto_error=False)


async def current_user(request: Request, token: Annotated[str | None, Depends(bearer)]) -> Identity:
    """Return the caller of this request, or refuse it with 401."""
    if not token:
        raise AuthenticationError("Sign in first: send the access token as `Authorization: Bearer ...`.")
    verifier: Verifier = request.app.state.verifier
    identity = await verifier.verify(token)
    revocations: RevocationList = request.app.state.revocations
    if await revocations.holds(identity.session_id):
        raise SessionEnded
    return identity


CurrentUser = Annotated[Identity, Depends(current_user)]


def require_role(*roles: Role) -> Callable[[Identity], Identity]:
    """Return a dependency that lets only these roles through, and gives the caller."""

    def check(user: CurrentUser) -> Identity:
        if user.role not in roles:
            raise AuthorizationError(f"This needs the role {' or '.join(roles)}.")
        return user

    return check


MODERATORS = Depends(require_role(Role.MODERATOR, Role.ADMIN))
Moderator = Annotated[Identity, MODERATORS]
