"""Move the champion to a published version: the same movement as a promotion, backwards."""

import argparse
import sys

from contract.errors import StudentPerformanceError
from orchestrator.training.release.publication import BundleStore, move_champion
from orchestrator.training.services import Services


def main(arguments: list[str] | None = None) -> int:
    """Roll back; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m orchestrator.rollback", description=__doc__)
    parser.add_argument("--version", required=True, help="a version published before, such as 3")
    version = parser.parse_args(arguments).version.strip()
    try:
        services = Services.open()
        services.check()
        moved = move_champion(BundleStore.of(services), services.tracking, version)
    except StudentPerformanceError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1
    if moved:
        print(f"Version {version} is the champion now; serving follows within its refresh time.")
    else:
        print(f"Version {version} was the champion already.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
