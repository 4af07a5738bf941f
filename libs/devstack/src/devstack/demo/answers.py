"""What the demo answers: a strong story told to fit the question, a shrug, and nothing."""

from collections.abc import Mapping

OPENINGS = {
    "adaptability": "Nobody could say what a stable checkout meant, and halfway the date moved by a month.",
    "communication": "I had to explain to finance and support, who are not technical, why our checkout kept failing.",
    "conflict": "A teammate and I disagreed about our failing checkout: he wanted more retries, I wanted fewer.",
    "customer_focus": "Customers were unhappy with our failing checkout, so I called five of them to listen.",
    "leadership": "I led the repair of our checkout across three teams without being anybody's manager.",
    "learning": "I shipped a retry loop that broke our checkout, and that failure was mine.",
    "mentoring": "While our checkout failed, I taught a junior to find causes by traces, not by guessing.",
    "ownership": "Our failing checkout was not mine to repair, but nobody else took it on, so I did.",
    "prioritisation": "I had three projects and one deadline; the failing checkout came first as it cost us most.",
    "problem_solving": "The hardest problem I have solved was a checkout that failed only on Friday evenings.",
    "teamwork": "A colleague was stuck on our failing checkout, so I paired with her every morning.",
}
OTHERWISE = "Our checkout was failing, and I was the one who made it stable."
STORY = (
    "In my last job it failed for about 3% of customers every Friday evening, and I was responsible for "
    "getting it stable before the holiday season. My goal was to bring errors under 0.1% within four weeks. "
    "First I added tracing to the payment calls and found that a retry loop exhausted our 50 database "
    "connections. I then wrote a proposal, agreed it with two other teams, and replaced the loop with a queue "
    "and a circuit breaker. I also wrote a load test so that we could prove the change before release. As a "
    "result, errors fell from 3% to 0.05%, the median response went from 900 to 240 milliseconds, and support "
    "tickets dropped by 60%. I learned to measure before changing anything, and I now review every retry "
    "policy in our team."
)
LATENCY_STORY = (
    "At Northwind Logistics our shipment API answered in 900 milliseconds at p99, and customers' warehouses timed out "
    "every Monday morning. My task was to bring it under 200 milliseconds before the peak season, without new "
    "hardware. First I added tracing and a replay of one hour of real traffic, so that each figure was measured the "
    "same way before and after. I found that three Postgres queries caused most of the time, so I rewrote them with "
    "covering indexes. I then moved the hot reads to Redis, and I agreed with the team how stale a status may be. As a "
    "result, p99 fell from 900 to 140 milliseconds within six weeks, and timeouts dropped by 95%. I learned to "
    "build the measurement before the change, and I still do so today."
)
WEAK = "I usually just help where needed and it went fine."
QUALITIES = ("good", "weak", "empty")


def answer(quality: str, question: Mapping[str, object]) -> str:
    """The answer of that quality to a question."""
    if quality == "good":
        if "latency" in str(question["text"]):
            return LATENCY_STORY
        return f"{OPENINGS.get(str(question.get('competency')), OTHERWISE)} {STORY}"
    return WEAK if quality == "weak" else ""
