"""What a call costs, by a table of prices that may be one's own."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from llm import costs
from llm.costs import Costs, Price
from llm.protocol import Reply

OWN = 'as_of = 2026-01-02\n[openai]\n"our-model" = {input = 1, output = 2}\n'


def reply(engine: str, model: str) -> Reply[str]:
    return Reply("text", engine, model, input_tokens=1_000, output_tokens=500)


def test_a_call_costs_what_it_read_and_what_it_wrote() -> None:
    counting = Costs(costs.load())
    assert counting.add(reply("openai", "gpt-4o-mini-2024-07-18")) == pytest.approx((0.15 + 0.30) / 1_000)
    assert counting.add(reply("gemini", "gemini-2.5-flash")) == pytest.approx((0.30 + 1.25) / 1_000)


def test_a_model_without_a_price_costs_nothing_and_is_named() -> None:
    counting = Costs(costs.load())
    models = [("openai", "a-model-of-ours"), ("openai", "a-model-of-ours"), ("somebody", "else")]
    assert [counting.add(reply(engine, model)) for engine, model in models] == [None, None, None]
    assert counting.unpriced == set(models)


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gpt-4o", True),
        ("gpt-4o-2024-11-20", True),
        ("gpt-4o-audio-preview", False),
        ("gpt-4", False),
        ("gpt-5-mini", True),
    ],
)
def test_a_name_that_only_begins_like_a_known_one_is_another_model(model: str, known: bool) -> None:
    assert (costs.load().of("openai", model) is not None) is known


def test_a_table_of_ones_own_takes_the_place_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(OWN)
    prices = costs.load(path)
    assert prices.of("openai", "our-model") == Price(input=1, output=2)
    assert prices.of("openai", "gpt-4o") is None


@pytest.mark.parametrize("text", ["[openai]\n", OWN.replace("1,", "-1,"), OWN + "[else]\n", "as_of = ?"])
def test_a_table_that_is_none_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises((ValidationError, ValueError)):
        costs.load(path)
