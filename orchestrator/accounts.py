"""Who may sign in to Mage: the owner, and monitoring, which may look and pull one trigger.

The passwords and the trigger's token are the environment's at every start, so that whoever changes
the secret changes the password: Mage itself would keep the first.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from contract.environment import SettingsError

MONITORING = "monitoring@student-performance.local"
SECRETS = ("DEFAULT_OWNER_PASSWORD", "JWT_SECRET", "RETRAINING_TRIGGER_TOKEN")
SHORTEST = 20
"""Characters of a secret; Mage limits nobody's guesses."""


def signs_in(environment: Mapping[str, str]) -> bool:
    """Whether people must sign in, which is Mage's own default.

    Raises SettingsError where they must and a secret is missing or short: Mage would take a
    password and a key that everybody knows.
    """
    if environment.get("REQUIRE_USER_AUTHENTICATION", "").lower() in ("0", "false"):
        return False
    for name in SECRETS:
        if len(environment.get(name, "")) < SHORTEST:
            raise SettingsError(f"{name} must have {SHORTEST} characters at least")
    return True


def keep_accounts(environment: Mapping[str, str]) -> None:
    """Have Mage make both accounts when it prepares its sign-in, and set the trigger's token.

    Imports Mage's server, so its repository path must be known by now.
    """
    # pylint: disable=import-outside-toplevel  # they read the repository path when imported
    from mage_ai.orchestration.db.models.schedules import PipelineSchedule
    from mage_ai.server import server

    token = environment["RETRAINING_TRIGGER_TOKEN"]
    prepare = server.initialize_user_authentication
    update = PipelineSchedule.create_or_update_batch

    def prepare_accounts(*args: Any) -> Any:
        prepared = prepare(*args)
        _keep(server.DEFAULT_OWNER_EMAIL, environment["DEFAULT_OWNER_PASSWORD"], "Owner")
        _keep(MONITORING, token, "Viewer")
        return prepared

    def update_with_token(triggers: Iterable[Any]) -> Any:
        for trigger in triggers:
            if trigger.schedule_type == "api":
                trigger.token = token
        return update(triggers)

    server.initialize_user_authentication = prepare_accounts
    PipelineSchedule.create_or_update_batch = update_with_token


def _keep(email: str, password: str, role: str) -> None:
    # pylint: disable=import-outside-toplevel
    from mage_ai.authentication.passwords import create_bcrypt_hash, generate_salt
    from mage_ai.orchestration.db.models.oauth import Role, User

    salt = generate_salt()
    values = {
        "password_hash": create_bcrypt_hash(password, salt),
        "password_salt": salt,
        "roles_new": [Role.get_role(role)],
    }
    user = User.query.filter(User.email == email).first()
    if user:
        user.update(**values)
    else:
        User.create(email=email, username=email.partition("@")[0], **values)
