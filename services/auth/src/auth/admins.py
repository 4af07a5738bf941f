"""The first admin is made by a command, never by an open endpoint."""

from collections.abc import Callable

from pydantic import ValidationError as InvalidModel

from auth import passwords
from auth.login_sessions import user_of
from auth.models import User
from auth.passwords import Hasher
from auth.schemas import Registration
from auth.settings import Settings
from common.clock import utcnow
from common.contracts.user import UserRegistered, UserRoleChanged
from common.db.engine import SessionMaker
from common.errors import DuplicateEntityError, ValidationError
from common.messaging import outbox
from common.security.tokens import Role


async def create(
    sessionmaker: SessionMaker,
    settings: Settings,
    email: str,
    full_name: str,
    ask_password: Callable[[], str],
    *,
    promote: bool,
) -> str:
    """Make an admin and return what to tell the operator.

    Raises:
        ValidationError: the address is none, or the name or the password can't be kept.
        PasswordPolicyError: the password breaks the policy.
        DuplicateEntityError: the address has an account, and `promote` is not set.
    """
    async with sessionmaker.begin() as session:
        user = await user_of(session, email, lock=True)
        if user is not None:
            if not promote:
                raise DuplicateEntityError(
                    f"{email} has an account already; add --promote to make it an admin."
                )
            user.role = Role.ADMIN
            await outbox.publish(session, UserRoleChanged(user_id=user.id, role=Role.ADMIN.value))
            return f"{email} is an admin now."
    try:
        form = Registration(email=email, password=ask_password(), full_name=full_name)
    except InvalidModel as error:
        wrong = error.errors()[0]
        if wrong["loc"] == ("email",):
            raise ValidationError(f"{email} is not an address mail can be sent to.") from None
        raise ValidationError(f"{wrong['loc'][0]}: {wrong['msg']}.") from None
    passwords.check(form.password, form.email)
    hasher = Hasher(settings.bcrypt_rounds, 1, 1)
    hashed = await hasher.hash(form.password)
    await hasher.close()
    async with sessionmaker.begin() as session:
        admin = User(
            email=form.email,
            full_name=form.full_name,
            password_hash=hashed,
            role=Role.ADMIN,
            verified_at=utcnow(),
        )
        session.add(admin)
        await session.flush()
        await outbox.publish(session, UserRegistered(user_id=admin.id, role=Role.ADMIN.value))
    return f"{form.email} is an admin now."
