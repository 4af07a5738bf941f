"""The notifier of a service, as routes ask for it."""

from typing import Annotated

from fastapi import Depends, Request

from common.db.notifications import Notifier


def notifier_of(request: Request) -> Notifier:
    """Give a route the notifier of its service."""
    notifier: Notifier = request.app.state.notifier
    return notifier


NotifierDep = Annotated[Notifier, Depends(notifier_of)]
