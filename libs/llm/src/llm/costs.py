"""What calls of models cost, by a table of prices with the date it was true on."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import structlog
from pydantic import BaseModel, ConfigDict, Field

from common.metrics import meter
from llm.protocol import Reply, T

PER = 1_000_000
EDITION = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{3,8}|\d{2}-\d{4}|latest)$")
"""What stands behind a model's name for one edition of it."""

COST = meter.create_counter(
    "interviewace.model.cost.usd",
    description="US dollars that calls cost by the table of prices, by provider and model.",
)
log = structlog.get_logger()


class Price(BaseModel):
    """US dollars for a million tokens that are read, and that are written."""

    model_config = ConfigDict(extra="forbid")

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]


class Prices(BaseModel):
    """Prices by provider and model, as they were on a day."""

    model_config = ConfigDict(extra="forbid")

    as_of: date
    openai: Mapping[str, Price] = {}
    gemini: Mapping[str, Price] = {}

    def of(self, provider: str, model: str) -> Price | None:
        """Return a model's price, that of its name without an edition where it has none of its own."""
        by_model: Mapping[str, Price] = getattr(self, provider, None) or {}
        return by_model.get(model) or by_model.get(EDITION.sub("", model))


def load(path: Path | None = None) -> Prices:
    """Return the table in a file, or the one that comes with this package.

    Raises:
        OSError: the file can't be read.
        ValueError: it is no such table.
    """
    source = path or files("llm").joinpath("prices.toml")
    return Prices.model_validate(tomllib.loads(source.read_text(encoding="utf-8")))


class Costs:
    """Counts what replies cost, and names each model once whose price nobody knows: `unpriced` are those so far."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self.unpriced: set[tuple[str, str]] = set()

    def add(self, reply: Reply[T]) -> float | None:
        """Count one reply; return what it cost in US dollars, None where nobody knows."""
        price = self._prices.of(reply.engine, reply.model)
        if price is None:
            self._name_unknown(reply.engine, reply.model)
            return None
        dollars = (reply.input_tokens * price.input + reply.output_tokens * price.output) / PER
        COST.add(dollars, {"gen_ai.provider.name": reply.engine, "gen_ai.response.model": reply.model})
        return dollars

    def _name_unknown(self, provider: str, model: str) -> None:
        if (provider, model) not in self.unpriced:
            self.unpriced.add((provider, model))
            log.info("llm_price_unknown", provider=provider, model=model, as_of=str(self._prices.as_of))
