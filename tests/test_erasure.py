"""Erased is gone: somebody does all there is to do, leaves, and none of their words is found in any place."""

import asyncio
import io
import re
from email import message_from_bytes, policy

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from pypdf import PdfWriter
from redis.asyncio import Redis

from common.contracts import catalogue
from common.messaging import envelope, kafka

PASSWORD, OTHER_PASSWORD = "Correct-horse-7", "Another-horse-8"
RESUME = (
    "Quillfeather Planted\nquillfeather@planted.example\n\nExperience\n"
    "Engineer at Vorpalworks, 2019 - 2022\n- Cut the latency of the Vorpalworks shop by 40%\n"
)
WORDS = {
    "name": "Quillfeather",
    "device": "Bandersnatchphone",
    "file name": "Brindleshank",
    "title": "Snickertop",
    "résumé": "Vorpalworks",
    "job title": "Jabberwright",
    "job description": "Mimsyborough",
    "answer": "Tulgeyfield",
    "deleted job": "Galumphstead",
    "deleted résumé": "Uffishville",
    "key": "Frumiouskey",
}
TELLING = {
    event.ce_type
    for service in catalogue.PUBLISHERS
    for event in catalogue.published_by(service)
    if event.holds_words
}
"""The events that hold words; they stay on Kafka for the topics' retention (docs/privacy.md)."""


def key(number):
    return {"Idempotency-Key": f"{WORDS['key']}-{number}"}


def scan():
    """A PDF without any text."""
    writer, file = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(file)
    return file.getvalue()


class Places:
    """Every place where the running system keeps anything, and what is in it."""

    def __init__(self, whole, words):
        self._whole = whole
        self._words = {word.lower().encode() for word in words}
        self._written = {word: {word, word.hex().encode()} for word in self._words}

    def _in(self, text):
        raw = (text if isinstance(text, bytes) else text.encode()).lower()
        return {word.decode() for word, ways in self._written.items() if any(way in raw for way in ways)}

    async def tables(self):
        """Return the words found in each table of every schema, files' bytes too."""
        named = await self._whole.query(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        assert len(named) > 20
        words_by_table = {}
        for table in named:
            rows = await self._whole.query(f"SELECT CAST(t AS text) AS row FROM {table['name']} t")
            if words := set().union(*(self._in(row["row"]) for row in rows)):
                words_by_table[table["name"]] = words
        return words_by_table

    async def redis(self):
        """Return the words found in keys and values."""
        async with Redis.from_url(self._whole.stack.addresses.redis_url) as client:
            parts = [await client.info("server")]
            async for name in client.scan_iter():
                kind = (await client.type(name)).decode()
                read = {
                    "string": client.get,
                    "hash": client.hgetall,
                    "set": client.smembers,
                    "list": lambda key: client.lrange(key, 0, -1),
                    "zset": lambda key: client.zrange(key, 0, -1),
                }[kind]
                parts += [name, await read(name)]
        return self._in(repr(parts))

    def files(self):
        """Return the words found in mails and logs, by the folder they lie in."""
        words_by_folder = {}
        for folder in ("mail", "logs"):
            for path in (self._whole.stack.folder / folder).iterdir():
                if words := self._in(path.read_bytes()) | self._in(path.name):
                    words_by_folder[folder] = words_by_folder.get(folder, set()) | words
        return words_by_folder

    async def events(self):
        """Return the words found in messages of each kind, on every topic and partition."""
        servers = self._whole.stack.addresses.kafka_bootstrap
        consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
        await consumer.start()
        try:
            topics = [name for name in await consumer.topics() if name.startswith("interviewace.")]
            numbers = {topic: await kafka.partitions_of(servers, topic) for topic in topics}
            consumer.assign([TopicPartition(topic, number) for topic in topics for number in numbers[topic]])
            ends = await consumer.end_offsets(list(consumer.assignment()))
            await consumer.seek_to_beginning()
            words_by_kind = {}
            for partition, end in ends.items():
                while await consumer.position(partition) < end:
                    for record in (await consumer.getmany(partition, timeout_ms=1000)).get(partition, []):
                        kind = envelope.type_of(envelope.decode(record.headers))
                        text = repr((record.key, record.headers)).encode() + (record.value or b"")
                        words_by_kind[kind] = words_by_kind.get(kind, set()) | self._in(text)
        finally:
            await consumer.stop()
        assert {"user.registered", "resume.parsed", "interview.started"} <= set(words_by_kind)
        return {kind: words for kind, words in words_by_kind.items() if words}


async def mail_to(whole, address, subject):
    while True:
        for path in sorted((whole.stack.folder / "mail").glob("*.eml"), reverse=True):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            if mail["To"] == address and subject in mail["Subject"]:
                return mail.get_content()
        await asyncio.sleep(0.1)


async def until_erased(whole, user_id):
    """Wait until every service has erased somebody."""
    for schema in ("auth", "resume", "interview"):
        query = f"SELECT 1 FROM {schema}.erased_owner WHERE owner_id = $1"
        while not await whole.query(query, user_id):
            await asyncio.sleep(0.05)


async def sign_in(person, password):
    device = {"User-Agent": f"{WORDS['device']}/1.0"}
    body = {"email": person.email, "password": password}
    response = await person.post("/auth/login", json=body, headers=device)
    person.headers["Authorization"] = f"Bearer {response.json()['access_token']}"


async def upload(person, number, content, name):
    files = {"file": (f"{WORDS['file name']}-{name}", content)}
    return await person.post("/resume/upload", files=files, headers=key(number))


async def start(person, number, **wishes):
    body = {"kind": "behavioural", "questions": 3, "job_title": WORDS["job title"]} | wishes
    return await person.post("/interview/start", json=body, headers=key(number))


async def practise(whole, person, good_answer):
    """Do everything that leaves something behind."""
    await person.patch("/auth/me", json={"full_name": f"{WORDS['name']} Planted"})
    await sign_in(person, PASSWORD)
    taken = [(await upload(person, 1, RESUME.encode(), "a.txt")).json() for _ in range(2)]
    assert taken[0] == taken[1]
    resume_id = taken[0]["id"]
    await person.until(f"/resume/{resume_id}", lambda body: body["status"] == "parsed")
    unread = (await upload(person, 2, scan(), "b.pdf")).json()
    await person.until(f"/resume/{unread['id']}", lambda body: body["status"] == "needs_ocr")
    await person.patch(f"/resume/{resume_id}", json={"title": WORDS["title"]})
    await person.post(f"/resume/{resume_id}/reparse")
    await person.until(f"/resume/{resume_id}", lambda body: body["status"] == "parsed")
    wishes = {"resume_id": resume_id, "job_description": f"We build {WORDS['job description']}."}
    interview, again = [(await start(person, 3, **wishes)).json() for _ in range(2)]
    assert interview == again
    question = interview["question"]
    given = {"question_id": question["id"], "text": f"{good_answer} It was in {WORDS['answer']}."}
    for _ in range(2):
        response = await person.post(f"/interview/{interview['id']}/answer", json=given, headers=key(4))
        assert response.status_code in (200, 202), response.text
    for _ in range(2):
        question = await person.next_question(interview["id"])
        skipped = {"question_id": question["id"], "skip": True}
        await person.post(f"/interview/{interview['id']}/answer", json=skipped)
    await person.report(interview["id"])
    assert WORDS["job title"] in await mail_to(whole, person.email, "report is ready")
    await person.post("/auth/forgot-password", json={"email": person.email})
    token = re.search(r"token=(\S+)", await mail_to(whole, person.email, "new password"))[1]
    reset = {"token": token, "new_password": OTHER_PASSWORD}
    assert (await person.post("/auth/reset-password", json=reset)).status_code == 204
    await mail_to(whole, person.email, "was changed")
    await sign_in(person, OTHER_PASSWORD)


async def test_what_is_deleted_is_told_to_nobody_and_an_erased_persons_words_are_nowhere(
    whole, person, good_answer
):
    places = Places(whole, [*WORDS.values(), person.email])
    async with asyncio.timeout(240):
        await practise(whole, person, good_answer)
        await _deleted_singly(person, places)
        before = await places.tables()
        assert {word for words in before.values() for word in words} >= {
            word.lower() for name, word in WORDS.items() if not name.startswith("deleted")
        }
        assert WORDS["name"].lower() in places.files()["mail"]
        me = (await person.get("/auth/me")).json()["id"]
        gone = await person.request("DELETE", "/auth/me", json={"password": OTHER_PASSWORD})
        assert gone.status_code == 204
        await until_erased(whole, me)
        while "mail" in places.files():
            await asyncio.sleep(0.1)
        assert (await start(person, 3)).status_code == 401
        assert await places.tables() == {}
        assert places.files() == {}
        assert await places.redis() == set()
        assert set(await places.events()) == TELLING


async def _deleted_singly(person, places):
    content = RESUME.replace("Vorpalworks", WORDS["deleted résumé"]).encode()
    resume_id = (await upload(person, 5, content, "c.txt")).json()["id"]
    await person.until(f"/resume/{resume_id}", lambda body: body["status"] == "parsed")
    wishes = {"job_description": f"We build {WORDS['deleted job']}.", "resume_id": resume_id}
    interview = (await start(person, 6, **wishes)).json()
    words = {WORDS["deleted résumé"].lower(), WORDS["deleted job"].lower()}
    assert words <= set().union(*(await places.tables()).values())
    assert (await person.delete(f"/interview/{interview['id']}")).status_code == 204
    assert (await person.delete(f"/resume/{resume_id}")).status_code == 204
    for again in (await start(person, 6, **wishes), await upload(person, 5, content, "c.txt")):
        assert again.status_code == 410, again.text
        assert again.json()["code"] == "response_erased"
    while words & set().union(*(await places.tables()).values()):
        await asyncio.sleep(0.1)


async def test_an_upload_begun_before_the_account_was_erased_is_not_kept(whole, person):
    me, halfway, erased = (await person.get("/auth/me")).json()["id"], asyncio.Event(), asyncio.Event()
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="late.txt"\r\n\r\n'
    parts = [head + RESUME.encode(), b"\r\nSkills\r\nPython\r\n--x--\r\n"]

    async def slowly():
        yield parts[0]
        halfway.set()
        await erased.wait()
        yield parts[1]

    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(len(b"".join(parts)))}
    sending = asyncio.create_task(person.post("/resume/upload", content=slowly(), headers=headers))
    async with asyncio.timeout(60):
        await halfway.wait()
        gone = await person.request("DELETE", "/auth/me", json={"password": PASSWORD})
        assert gone.status_code == 204
        await until_erased(whole, me)
        erased.set()
        late = await sending
    assert late.status_code in (401, 410), late.text
    for table in ("resume.resume", "resume.outbox", "resume.task"):
        assert not await whole.query(f"SELECT 1 FROM {table} t WHERE CAST(t AS text) LIKE $1", f"%{me}%")


@pytest.mark.parametrize("with_key", [True, False], ids=["with a key", "without"])
async def test_a_start_held_up_while_the_account_is_erased_is_not_kept(whole, person, with_key):
    me = (await person.get("/auth/me")).json()["id"]
    url = whole.stack.addresses.postgres_admin_url.rsplit("/", 1)[0] + "/interviewace"
    holder = await asyncpg.connect(url)
    held_up = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'relation')"
    try:
        await holder.execute("BEGIN")
        if with_key:  # another request with the same key, that has not come to its end
            await holder.execute(
                "INSERT INTO interview.idempotency (owner_id, operation, key, fingerprint) VALUES ($1, $2, $3, '')",
                *(me, "interview.start", key(1)["Idempotency-Key"]),
            )
        else:
            await holder.execute("LOCK TABLE interview.question IN SHARE MODE")
        wishes = {"job_title": WORDS["job title"], "questions": 1}
        headers = key(1) if with_key else {}
        starting = asyncio.create_task(person.post("/interview/start", json=wishes, headers=headers))
        async with asyncio.timeout(60):
            while not await whole.query(held_up):
                assert not starting.done()
            gone = await person.request("DELETE", "/auth/me", json={"password": PASSWORD})
            assert gone.status_code == 204
            await until_erased(whole, me)
            await holder.execute("ROLLBACK")
            late = await starting
    finally:
        await holder.close()
    assert late.status_code in (401, 410), late.text
    for table in ("interview.interview", "interview.outbox", "interview.idempotency"):
        assert not await whole.query(f"SELECT 1 FROM {table} t WHERE CAST(t AS text) LIKE $1", f"%{me}%")
