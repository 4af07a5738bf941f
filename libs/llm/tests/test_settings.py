"""Who is asked, how long and how often, from the environment."""

import pytest
from pydantic import ValidationError

from llm.settings import LLMSettings


@pytest.fixture(autouse=True)
def _empty(monkeypatch):
    for name in ("OPENAI_BASE_URL", "GEMINI_BASE_URL", "LLM_TIMEOUT", "LLM_DEADLINE", "LLM_RUNS"):
        monkeypatch.delenv(name, raising=False)


def test_hosted_models_are_waited_for_half_a_minute():
    assert LLMSettings(openai_api_key="sk").limits == (30, 60)


@pytest.mark.parametrize("server", ["openai_base_url", "gemini_base_url"])
def test_a_server_of_ones_own_has_the_minutes_it_needs(server):
    assert LLMSettings(**{server: "http://127.0.0.1:8000"}).limits == (300, 600)


def test_what_is_set_counts(monkeypatch):
    monkeypatch.setenv("LLM_TIMEOUT", "5")
    assert LLMSettings(openai_base_url="http://127.0.0.1:8000").limits == (5, 600)
    monkeypatch.setenv("LLM_TIMEOUT", "")
    monkeypatch.setenv("LLM_DEADLINE", "70")
    assert LLMSettings(openai_api_key="sk").limits == (30, 70)


@pytest.mark.parametrize("runs", ["0", "6", "many"])
def test_there_are_one_to_five_runs(monkeypatch, runs):
    assert LLMSettings().llm_runs == 1
    monkeypatch.setenv("LLM_RUNS", runs)
    with pytest.raises(ValidationError):
        LLMSettings()
