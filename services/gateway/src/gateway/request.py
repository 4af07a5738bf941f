"""One request on its way through the gateway, and what its response will carry."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from gateway.client_info import ClientInfo

AddCommonHeaders = Callable[["RequestContext", list[tuple[bytes, bytes]]], list[tuple[bytes, bytes]]]


@dataclass
class RequestContext:
    """A request, its id, and the state of its response. `path` is the decoded one everything is decided by."""

    scope: Scope
    receive: Receive
    raw_send: Send
    request_id: str
    client: ClientInfo
    add_common_headers: AddCommonHeaders
    headers: Headers = field(init=False)
    path: str = ""
    user: UUID | None = None
    prefix: str = "none"
    status: int = 0
    body_begun: bool = False
    body_read: bool = False
    response_headers: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self.headers = Headers(scope=self.scope)

    @property
    def method(self) -> str:
        """The request's method."""
        return str(self.scope["method"])

    @property
    def raw_path(self) -> bytes:
        """The path as it came, still encoded."""
        path: bytes = self.scope.get("raw_path") or self.scope["path"].encode()
        return path.partition(b"?")[0]

    @property
    def query(self) -> bytes:
        """The query as it came, without the question mark."""
        query: bytes = self.scope.get("query_string", b"")
        return query

    @property
    def milliseconds(self) -> float:
        """How long the request has taken so far."""
        return round((time.perf_counter() - self.started) * 1000, 1)

    async def send(self, message: Message) -> None:
        """Send a part of the response; its head gets what every response of the gateway carries."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self.add_common_headers(self, list(message.get("headers", [])))}
        await self.raw_send(message)
