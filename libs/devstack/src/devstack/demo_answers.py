"""What the demo's candidate says: a strong story told to fit the question, a shrug, and nothing."""

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
WEAK = "I usually just help where needed and it went fine."
QUALITIES = ("good", "weak", "empty")


def answer(quality: str, competency: object) -> str:
    """The answer of that quality to a question about a competency."""
    if quality == "good":
        return f"{OPENINGS.get(str(competency), '')} {STORY}".strip()
    return WEAK if quality == "weak" else ""
