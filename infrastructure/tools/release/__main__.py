"""``ENVIRONMENT=stg python3 -m infrastructure.tools.release COMMAND``, as the cd workflow runs it.

    find            images of this commit that have yet to be built (a matrix for the build job)
    deploy DIR      promote the commit's images (DIR/COMPONENT.tar where they lack), apply, prove
    fetch DIR       the images this environment proved, as archives for the next environment
    serving         digests that were proven last, {} before the first release
    preflight       refuse the plan on standard input if the account is not ready for it

Standard library only; terraform, aws, gh and skopeo are called by their command lines, with whatever
rights the caller has.
"""

import json
import os
import sys
from pathlib import Path

from contract.errors import StudentPerformanceError
from infrastructure.tools.release import deployment, preflight, record, smoke
from infrastructure.tools.release.target import DOCKERFILES, Target, load


def output(name: str, value: str) -> None:
    """Hand a value to the workflow's next steps; print it elsewhere."""
    path = os.environ.get("GITHUB_OUTPUT")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")
    print(f"{name}={value}", flush=True)


def act(command: str, arguments: list[str], target: Target) -> None:
    """Run one command."""
    match command, arguments:
        case "find", []:
            wanted = deployment.missing(target)
            matrix = [{"component": name, "file": DOCKERFILES[name]} for name in wanted]
            output("missing", json.dumps(matrix))
        case "deploy", [folder]:
            proven = deployment.deploy(target, Path(folder))
            output("proven", json.dumps(proven))
            if not proven:
                way = smoke.way_to_champion(target)
                print(f"::warning::deployed, and not proven: no champion is published yet; {way}")
        case "fetch", [folder]:
            deployment.hand_over(target, Path(folder))
        case "serving", []:
            found = record.read(target)
            print(json.dumps(found.digests if found else {}))
        case "preflight", []:
            for note in preflight.check(json.load(sys.stdin), target):
                print(note, file=sys.stderr)
        case _:
            raise SystemExit(__doc__)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        act(words[0] if words else "", words[1:], load())
    except StudentPerformanceError as error:
        mark = "::error::" if os.environ.get("GITHUB_ACTIONS") else ""
        print(f"{mark}{error.code}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
