"""What a language model is to us: it is asked with a prompt, and answers in a given shape."""

import hashlib
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class Prompt:
    """One question. `system` holds our instructions, `user` the data; `name` says which prompt it is, with version."""

    name: str
    system: str
    user: str
    max_output_tokens: int = 2000
    temperature: float = 0.0

    @property
    def hash(self) -> str:
        """Identify the instructions (not the data), so that results of different ones are never mixed."""
        return hashlib.sha256(f"{self.name}\n{self.system}".encode()).hexdigest()


@dataclass(frozen=True)
class Reply(Generic[T]):
    """An answer in the wanted shape, and who gave it at what cost."""

    value: T
    engine: str
    model: str
    input_tokens: int
    output_tokens: int


class Provider(Protocol):
    """Somebody who answers prompts. One call is one attempt: retries and deadlines belong to the chain."""

    name: str
    model: str

    async def ask(self, prompt: Prompt, shape: type[T]) -> Reply[T]:
        """Return the answer in that shape.

        Raises:
            LLMProviderError: one of the named failures in `llm.errors`.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
