"""Routes of sessions: signing in, going on, signing out, and the keys that tokens are verified with."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from auth import login_sessions
from auth.api.dependencies import CallingDevice, Configured, GivenCredentials, Keys, Passwords, RedisCopy
from auth.schemas import Credentials, RefreshRequest, SessionList, SessionView, TokenPair
from common import paths
from common.web.identity import CurrentUser
from common.web.pagination import Cursor, Limit
from common.web.transaction import Session, SessionMakerDep

router = APIRouter(prefix=paths.AUTH, tags=["sessions"])
internal = APIRouter(prefix="/internal", include_in_schema=False)

KEYS_MAX_AGE_SECONDS = 30
# the form is said by the security scheme; beside JSON, client generators make code of it that does not run
LOGIN_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": Credentials.model_json_schema()}},
    }
}


class Activity(BaseModel):
    """Whether a session is open."""

    active: bool


@router.post("/login", openapi_extra=LOGIN_BODY)
async def login(
    body: GivenCredentials,
    sessionmaker: SessionMakerDep,
    hasher: Passwords,
    keys: Keys,
    settings: Configured,
    device: CallingDevice,
) -> TokenPair:
    """Sign in with address and password, as JSON or as the OAuth2 form."""
    return await login_sessions.sign_in(
        sessionmaker, hasher, keys, body, device, verified=settings.verifies_email
    )


@router.post("/refresh")
async def refresh(
    body: RefreshRequest, sessionmaker: SessionMakerDep, redis: RedisCopy, keys: Keys
) -> TokenPair:
    """Get the next pair of tokens; the refresh token is spent by that."""
    return await login_sessions.refresh(sessionmaker, redis, keys, body.refresh_token)


@router.post("/logout", status_code=204)
async def logout(sessionmaker: SessionMakerDep, redis: RedisCopy, user: CurrentUser) -> None:
    """End the session that the access token belongs to."""
    await login_sessions.sign_out(sessionmaker, redis, user)


@router.post("/logout-all", status_code=204)
async def logout_all(sessionmaker: SessionMakerDep, redis: RedisCopy, user: CurrentUser) -> None:
    """End every session of the caller's."""
    await login_sessions.sign_out(sessionmaker, redis, user, everywhere=True)


@router.get("/sessions")
async def list_sessions(
    session: Session, user: CurrentUser, limit: Limit = 20, cursor: Cursor = None
) -> SessionList:
    """Show where the caller is signed in."""
    page, following = await login_sessions.list(session, user.id, limit, cursor)
    return SessionList(
        items=[SessionView.of(login_session, user.session_id) for login_session in page],
        next_cursor=following,
    )


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(
    session_id: UUID, sessionmaker: SessionMakerDep, redis: RedisCopy, user: CurrentUser
) -> None:
    """End one of the caller's sessions."""
    await login_sessions.sign_out(sessionmaker, redis, user, only=session_id)


@router.get("/.well-known/jwks.json")
async def jwks(keys: Keys, response: Response) -> dict[str, object]:
    """Publish the keys that access tokens are verified with (RFC 7517)."""
    response.headers["Cache-Control"] = f"public, max-age={KEYS_MAX_AGE_SECONDS}"
    return keys.document


@internal.get("/sessions/{session_id}")
async def session_activity(session_id: UUID, session: Session) -> Activity:
    """Tell the gateway whether a session is open. Not reachable through the gateway."""
    return Activity(active=await login_sessions.is_active(session, session_id))
