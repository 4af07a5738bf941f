"""A server that speaks OpenAI's chat API and Gemini's, for tests: real HTTP for the real SDKs, no paid model behind it.

`python -m testkit.llm_server --port 9000` runs it alone; every question gets a small valid answer.
"""

import argparse
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]
Answer = Callable[[Json], Any]
Refusing = Callable[[Json], Json | None]
USAGE = (11, 7)


def smallest(schema: Json, definitions: Json | None = None) -> Any:
    """Return a small instance of a JSON Schema."""
    definitions = schema.get("$defs", definitions or {})
    if "$ref" in schema:
        return smallest(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    if "enum" in schema:
        return schema["enum"][0]
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return None if {"type": "null"} in schema[union] else smallest(schema[union][0], definitions)
    match schema.get("type"):
        case "object":
            return {
                name: smallest(value, definitions) for name, value in schema.get("properties", {}).items()
            }
        case "array":
            return [smallest(schema["items"], definitions)] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return "ok"


def asked_schema(body: Json) -> Json:
    """Return the JSON Schema that a request of either protocol asks its answer to have."""
    if "response_format" in body:
        schema: Json = body["response_format"]["json_schema"]["schema"]
        return schema
    config = body.get("generationConfig", {})
    gemini_schema: Json = config.get("responseJsonSchema") or config.get("responseSchema") or {}
    return gemini_schema


def asked_text(body: Json) -> str:
    """Return the user's part of a request of either protocol."""
    if "messages" in body:
        return str(body["messages"][-1]["content"])
    return "".join(part.get("text", "") for content in body["contents"] for part in content["parts"])


@dataclass
class Call:
    """One request that came."""

    provider: str
    path: str
    body: Json
    headers: dict[str, str]


@dataclass
class Behaviour:
    """How one provider behaves at the moment."""

    reply: Answer | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    content: str | None = None
    finish_reason: str | None = None
    refusal: str | None = None
    refusing: Refusing | None = None
    seconds: float = 0.0


class PlayedProvider:
    """What tests say of one provider: how it shall answer from now on."""

    def __init__(self, released: threading.Event) -> None:
        self.behaviour = Behaviour()
        self.released = released

    def answer(self, reply: Answer | Json) -> None:
        """Answer with this JSON, or with what the function makes of the request's body."""
        self.behaviour = Behaviour(reply=reply if callable(reply) else lambda _: reply)

    def fail(self, status: int, *, headers: dict[str, str] | None = None, body: str | None = None) -> None:
        """Answer with an HTTP error."""
        self.behaviour = Behaviour(status=status, headers=headers or {}, body=body)

    def refuse(self, refusing: Refusing, reply: Json, status: int = 400) -> None:
        """Answer with the error's body that the function makes of a request's; with the reply where it makes None."""
        self.behaviour = Behaviour(refusing=refusing, reply=lambda _: reply, status=status)

    def hang(self, seconds: float) -> None:
        """Take that long to answer."""
        self.behaviour = Behaviour(seconds=seconds)

    def raw(
        self, content: str | None, *, finish_reason: str | None = None, refusal: str | None = None
    ) -> None:
        """Answer with this text, whatever was asked for."""
        self.behaviour = Behaviour(content=content or "", finish_reason=finish_reason, refusal=refusal)

    def garbage(self, body: str) -> None:
        """Answer 200 with a body that is not of the protocol."""
        self.behaviour = Behaviour(body=body)

    def restore(self) -> None:
        """Answer every question with a small valid instance of what it asks for."""
        self.behaviour = Behaviour()


def _openai_body(behaviour: Behaviour, content: str, model: str) -> Json:
    message = {"role": "assistant", "content": content, "refusal": behaviour.refusal}
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": behaviour.finish_reason or "stop",
        "logprobs": None,
    }
    usage = {"prompt_tokens": USAGE[0], "completion_tokens": USAGE[1], "total_tokens": sum(USAGE)}
    return {
        "id": "chatcmpl-played",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [choice],
        "usage": usage,
    }


def _gemini_body(behaviour: Behaviour, content: str, model: str) -> Json:
    if behaviour.refusal:
        return {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": model}
    parts = [{"text": content}] if content else []
    candidate = {
        "content": {"role": "model", "parts": parts},
        "finishReason": behaviour.finish_reason or "STOP",
    }
    usage = {
        "promptTokenCount": USAGE[0],
        "candidatesTokenCount": USAGE[1],
        "totalTokenCount": sum(USAGE),
    }
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model}


class FakeLLMServer:
    """Both providers on one port of 127.0.0.1, each as a test tells it to behave. A context manager."""

    def __init__(self, port: int = 0) -> None:
        self.calls: list[Call] = []
        self._released = threading.Event()
        self.openai = PlayedProvider(self._released)
        self.gemini = PlayedProvider(self._released)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.openai_base_url = f"{self.url}/v1"
        self.gemini_base_url = self.url

    def calls_of(self, provider: str) -> list[Call]:
        """Return the requests that came for `openai` or `gemini`."""
        return [call for call in self.calls if call.provider == provider]

    def serve(self) -> None:
        """Serve until closed."""
        self._server.serve_forever(poll_interval=0.05)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                gemini = "generateContent" in self.path
                provider, played = ("gemini", outer.gemini) if gemini else ("openai", outer.openai)
                outer.calls.append(Call(provider, self.path, body, dict(self.headers.items())))
                status, headers, response = _answer(played, provider, body, self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(response)))
                with suppress(ConnectionError):  # whoever asked may have given up waiting
                    self.end_headers()
                    self.wfile.write(response)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - the base class's shape
                return

        return Handler


def _answer(
    played: PlayedProvider, provider: str, body: Json, path: str
) -> tuple[int, dict[str, str], bytes]:
    behaviour = played.behaviour
    if behaviour.seconds:
        played.released.wait(behaviour.seconds)
    if behaviour.refusing is not None:
        refused = behaviour.refusing(body)
        if refused is not None:
            return behaviour.status, {}, json.dumps(refused).encode()
    elif behaviour.status != 200 or behaviour.body is not None:
        error = json.dumps({"error": {"code": behaviour.status, "message": "played", "status": "PLAYED"}})
        return (
            behaviour.status,
            behaviour.headers,
            (error if behaviour.body is None else behaviour.body).encode(),
        )
    if behaviour.content is not None:
        content = behaviour.content
    else:
        reply = behaviour.reply(body) if behaviour.reply else smallest(asked_schema(body))
        content = json.dumps(reply)
    if provider == "openai":
        made = _openai_body(behaviour, content, str(body.get("model")))
    else:
        made = _gemini_body(behaviour, content, path.rsplit("/", 1)[-1].split(":")[0])
    return 200, {}, json.dumps(made).encode()


def main() -> None:
    """Run the server alone until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9000)
    server = FakeLLMServer(parser.parse_args().port)
    print(f"OPENAI_BASE_URL={server.openai_base_url} GEMINI_BASE_URL={server.gemini_base_url}", flush=True)  # noqa: T201
    server.serve()


if __name__ == "__main__":
    main()
