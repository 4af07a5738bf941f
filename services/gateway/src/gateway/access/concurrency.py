"""How many requests one caller may have under way at once, so that nobody's slow ones take the place of everybody's."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.errors import TooManyAtOnce
from gateway.request import RequestContext
from gateway.routes import Route

RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True)
class Bounds:
    """The most requests under way: of one person, of one person's uploads, from one address."""

    person: int
    uploads: int
    address: int


class Concurrency:
    """Counts what is under way in this process. Whoever is not signed in counts as their address."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._under_way: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def slot(self, context: RequestContext, route: Route) -> Iterator[None]:
        """Hold a place for as long as the request lasts.

        Raises:
            TooManyAtOnce: the caller has no place left.
        """
        taken: list[tuple[str, str]] = []
        try:
            for key, most in self._keys(context, route):
                if self._under_way[key] >= most:
                    raise TooManyAtOnce(
                        f"At most {most} requests of this kind are taken at once; wait until one has ended.",
                        retry_after=RETRY_AFTER_SECONDS,
                    )
                self._under_way[key] += 1
                taken.append(key)
            yield
        finally:
            for key in taken:
                self._under_way[key] -= 1
                if not self._under_way[key]:
                    del self._under_way[key]

    def _keys(self, context: RequestContext, route: Route) -> Iterator[tuple[tuple[str, str], int]]:
        address = context.client.subscriber
        person = str(context.user) if context.user else address
        yield ("person", person), self._bounds.person
        if route.upload:
            yield ("uploads", person), self._bounds.uploads
        yield ("address", address), self._bounds.address
