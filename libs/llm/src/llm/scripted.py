"""A provider whose answers are given in advance: for tests, which must not reach a paid API."""

from collections.abc import Iterable

from pydantic import BaseModel

from llm.errors import ProviderUnavailable
from llm.protocol import Prompt, Reply, T


class Scripted:
    """Gives its replies in order: a value is answered, an exception raised; then it is unavailable."""

    def __init__(self, replies: Iterable[BaseModel | Exception], *, name: str = "scripted") -> None:
        self.name = name
        self.model = "script"
        self.prompts: list[Prompt] = []
        self.closed = False
        self._replies = iter(replies)

    async def ask(self, prompt: Prompt, shape: type[T]) -> Reply[T]:
        """Return or raise the next of the replies."""
        self.prompts.append(prompt)
        reply = next(self._replies, ProviderUnavailable("The script is over."))
        if isinstance(reply, Exception):
            raise reply
        return Reply(shape.model_validate(reply.model_dump()), self.name, self.model, 1, 1)

    async def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
