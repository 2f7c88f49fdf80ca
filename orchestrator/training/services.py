"""The services one run talks to, opened together from the environment."""

from dataclasses import dataclass
from typing import Self

from orchestrator.training.settings import Settings
from orchestrator.training.storage import Stores
from orchestrator.training.tracking import Tracking


@dataclass(frozen=True)
class Services:
    """Settings and the clients made from them."""

    settings: Settings
    stores: Stores
    tracking: Tracking

    @classmethod
    def open(cls) -> Self:
        """Make the clients; raises SettingsError naming a missing setting. Connects to nothing."""
        settings = Settings.from_environment()
        return cls(settings, Stores.open(settings), Tracking(settings))

    def check(self) -> None:
        """Raise ServiceError within a minute if a service cannot be reached."""
        self.tracking.check()
        self.stores.models.check()
        self.stores.artifacts.check()
