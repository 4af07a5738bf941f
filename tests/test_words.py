"""A local is named by its noun: words that could stand for anything are not used, and a response is no answer."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
WHERE = (
    *(f"{members}/*/{folder}/**/*.py" for members in ("libs", "services") for folder in ("src", "tests")),
    *("tests/*.py", "benchmarks/*.py", "docs/*.py"),
)
LOCALS = ("found", "each", "one", "said", "told", "came", "opened")
EMPTY = re.compile(
    rf"^\s*(?:async )?(?:with .* as |for )?(?:\w+, )*(?:{'|'.join(LOCALS)})(?:, \w+)*(?:: [^=]+)?(?: = | in |:$)"
    rf"|\bfor (?:{'|'.join(LOCALS)}) in\b|\b(?:{'|'.join(LOCALS)}) := |\blambda (?:{'|'.join(LOCALS)}):"
    r"|\banswers? = (?:await|\[?await) \w*(?:client|gateway|anonymous)\.(?:get|post|put|patch|delete|request)\b"
)


def _offences(text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if EMPTY.search(line)]


def test_a_local_is_named_by_its_noun() -> None:
    paths = [path for pattern in WHERE for path in sorted(ROOT.glob(pattern)) if path != Path(__file__)]
    assert len(paths) > 300
    offenders = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number in _offences(path.read_text(encoding="utf-8"))
    ]
    assert not offenders, f"{len(offenders)} lines:\n" + "\n".join(offenders)


def test_what_is_looked_for_is_seen() -> None:
    seen = [
        "found = 1",
        "for each in rows:",
        "[one for one in rows]",
        "found, following = rows",
        "if (told := 1):",
    ]
    seen += ["with open(path) as opened:", "answer = await client.get(path)", "key=lambda each: each.id"]
    assert _offences("\n".join(seen)) == list(range(1, len(seen) + 1))
    assert (
        _offences("refound = 1\nanswer = await session.get(Answer, key)\nresponse = await client.get(path)")
        == []
    )
