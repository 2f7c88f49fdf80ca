"""Which LocalStack this machine can run."""

from localcloud.errors import EnvironmentMissing
from localcloud.services.localstack.host_mode import HostMode
from localcloud.services.localstack.image import Image
from localcloud.services.localstack.server import LocalStack


def choose() -> type[LocalStack]:
    """Return the pinned image where a Docker engine can run it, else host mode; both prepared.

    Raises EnvironmentMissing with what is missing where neither can be had.
    """
    reasons = []
    for kind in (Image, HostMode):
        try:
            kind.prepare()
        except EnvironmentMissing as missing:
            reasons.append(str(missing))
        else:
            if reasons:
                print(f"not its image: {reasons[0]}", flush=True)
            return kind
    raise EnvironmentMissing("; ".join(reasons))
