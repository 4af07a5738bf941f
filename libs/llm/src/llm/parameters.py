"""Which parameters a server takes: what it refuses is left out of the next request, and of all after that."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, TypeVar

import structlog

log = structlog.get_logger()

R = TypeVar("R")

REFUSING = frozenset({400, 422, 500, 501})
"""Statuses with which servers refuse a parameter; some proxies make a 500 of every refusal."""

TEMPERATURE = re.compile(r"\btemperature\b", re.IGNORECASE)
LENGTH = re.compile(r"\bmax_?(completion_|output_)?tokens\b", re.IGNORECASE)
LENGTHS = re.compile(r"\b(max|min)_?length\b", re.IGNORECASE)
SCHEMA = re.compile(
    r"response_?format|response_?(json_?)?schema|json_?schema|\bschema\b|grammar|(max|min)_?(items|imum)\b",
    re.IGNORECASE,
)

LONGEST = 2_000
TELLING = ("error", "message", "param", "code", "detail", "msg", "loc", "type")
"""The keys of an error's body that say what is wrong; others may hold the request again, with a person's text."""


class Form(StrEnum):
    """How the shape of a reply is asked for, from the strictest to none."""

    BOUNDED = "bounded"
    WITHOUT_LENGTHS = "without lengths of texts"
    UNBOUNDED = "unbounded"
    JSON = "json"
    PROMPT = "prompt"

    @property
    def by_schema(self) -> bool:
        """Whether the server is given the schema, and not only the model."""
        return self not in (Form.JSON, Form.PROMPT)


FORMS = tuple(Form)


@dataclass(frozen=True)
class Parameters:
    """What one server takes for one model. `lengths` are the names it may know the length limit by, the best first."""

    lengths: tuple[str, ...]
    temperature: bool = True
    form: Form = Form.BOUNDED

    @property
    def length(self) -> str | None:
        """The name of the length limit, None where it knows none."""
        return self.lengths[0] if self.lengths else None

    def without(self, refusal: str) -> Self | None:
        """Return what is left when the server says this in refusing a request; None where it names nothing of ours."""
        if self.temperature and TEMPERATURE.search(refusal):
            return replace(self, temperature=False)
        if self.lengths and LENGTH.search(refusal):
            return replace(self, lengths=self.lengths[1:])
        if self.form is Form.BOUNDED and LENGTHS.search(refusal):
            return replace(self, form=Form.WITHOUT_LENGTHS)
        if self.form is not Form.PROMPT and SCHEMA.search(refusal):
            return replace(self, form=self._weaker(refusal))
        return None

    def _weaker(self, refusal: str) -> Form:
        # a server that does not know the type at all names it; one that can't take this schema speaks of the schema
        if self.form.by_schema and re.search(
            r"response_?format.{0,3}\s*(of )?\W?type|must be one of", refusal
        ):
            return Form.JSON
        return FORMS[FORMS.index(self.form) + 1]


def refusal(body: object) -> str:
    """Return what the body of an error, as text or read, says in its own words."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return str(body)[:LONGEST]
    return " ".join(_strings(body))[:LONGEST]


def _strings(body: object) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, list):
        for item in body:
            yield from _strings(item)
    elif isinstance(body, dict):
        for key in TELLING:
            yield from _strings(body.get(key))


class Learned:
    """What the server of one model takes, as far as it is known; what it refused stays left out."""

    def __init__(self, provider: str, model: str, lengths: tuple[str, ...]) -> None:
        self._provider = provider
        self._model = model
        self._parameters = Parameters(lengths)

    async def ask(
        self, send: Callable[[Parameters], Awaitable[R]], refusal_in: Callable[[Exception], object | None]
    ) -> R:
        """Return the response to the request as far as the server takes it.

        `send` asks with these parameters; `refusal_in` returns the body of an error that may refuse one, else None.
        """
        taken = self._parameters
        while True:
            try:
                response = await send(taken)
            except Exception as error:
                body = refusal_in(error)
                left = None if body is None else taken.without(refusal(body))
                if left is None:
                    raise
                taken = left
            else:
                self._remember(taken)
                return response

    def _remember(self, taken: Parameters) -> None:
        """Log what is left out from now on, once."""
        if taken != self._parameters:
            log.info(
                "llm_parameters_left_out",
                provider=self._provider,
                model=self._model,
                temperature=taken.temperature,
                length=taken.length,
                form=taken.form.value,
            )
        self._parameters = taken
