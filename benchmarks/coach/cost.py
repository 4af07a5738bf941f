"""What judging costs the built-in coach: CPU of an answer of ten sentences that is new, and the memory it takes."""

import resource
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))

import data
import measures

from interview.coaching import reading, rule_based

SENTENCES = 10
STATUS = Path("/proc/self/status")


def resident() -> float:
    """Return this process' memory in MB."""
    line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def answers() -> list[tuple[data.Question, str]]:
    """Return answers of ten sentences, none of which was judged before."""
    every: list[tuple[data.Question, str]] = []
    for item in data.training():
        sentences = [sentence.text for answer in item.answers.values() for sentence in answer]
        every += [
            (item, " ".join(sentences[start : start + SENTENCES]))
            for start in range(0, len(sentences) - SENTENCES, SENTENCES)
        ]
    return every


def main() -> None:
    """Print the table."""
    before = resident()
    warm = data.seen()[0]
    started = time.process_time()
    rule_based.evaluate(reading.read(measures.judged(warm), warm.answer(data.Grade.WEAK)))
    first = time.process_time() - started
    met: set[str] = set()
    new: list[float] = []
    again: list[float] = []
    for item, text in answers():
        question = measures.judged(item)
        started = time.process_time()
        rule_based.evaluate(reading.read(question, text))
        (again if item.id in met else new).append(time.process_time() - started)
        met.add(item.id)
    print("| what | |\n| --- | --- |")
    print(f"| CPU of an answer of ten sentences, its question met before | {1000 * median(again):.0f} ms |")
    print(f"| the same, its question new to the process | {1000 * median(new):.0f} ms |")
    print(f"| the first answer, with loading the model | {1000 * first:.0f} ms |")
    print(
        f"| memory, before and after {len(new) + len(again)} answers | {before:.0f} and {resident():.0f} MB |"
    )
    print(f"| most memory at once | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB |")


if __name__ == "__main__":
    main()
