"""What expires of auth's: what has ended goes soon after, and with it the devices, addresses and tokens it held."""

from datetime import timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table
from sqlalchemy.orm import DeclarativeBase

from auth.models import EndedSession, LoginSession, MailToken
from auth.revocations import KEPT_SECONDS
from common.clock import utcnow
from common.db.expiry import Expiring


def _table(model: type[DeclarativeBase]) -> Table:
    return cast("Table", model.__table__)


def _mail_tokens() -> ColumnElement[bool]:
    return cast("ColumnElement[bool]", MailToken.expired)


def _ended_sessions() -> ColumnElement[bool]:
    return EndedSession.ended_at < utcnow() - timedelta(seconds=KEPT_SECONDS)


EXPIRING = (
    # with all its refresh tokens; one that goes on keeps its spent ones as well: one of them used again has to end it
    Expiring(_table(LoginSession), LoginSession.ended),
    Expiring(_table(MailToken), _mail_tokens),
    Expiring(_table(EndedSession), _ended_sessions),
)
