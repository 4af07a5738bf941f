"""Auth, assembled."""

from auth import reactions, revocations, tasks
from auth.api import accounts, mailbox, sessions, users
from auth.keys import KeyRing
from auth.passwords import Hasher
from auth.settings import Settings
from common.security.tokens import StaticKeys
from common.web.app import create_api
from common.worker.app import create_worker

settings = Settings()
keys = KeyRing.load(settings)
hasher = Hasher(settings.bcrypt_rounds, settings.hashing_threads, settings.hashing_queue)
routers = [accounts.router, sessions.router, users.router, sessions.internal]

app = create_api(
    settings,
    *routers,
    *([mailbox.router] if settings.shows_mails else []),
    resources=[settings, keys, hasher],
    verifier_keys=StaticKeys(keys.document),
)
worker = create_worker(settings, reactions.router, tasks.router, resources=[settings])
worker.include_router(revocations.router)
