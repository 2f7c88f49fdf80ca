"""Check the Terraform configuration, or write a plan as JSON, with neither registry nor cloud.

python -m infrastructure.tools.offline check             validate and terraform test, everywhere
python -m infrastructure.tools.offline fmt               say which files are not formatted
python -m infrastructure.tools.offline plan VARS.json    the plan of an environment as JSON
"""

import argparse
import sys
from pathlib import Path

from infrastructure.tools.offline.errors import OfflineError
from infrastructure.tools.offline.schema import ROOT
from infrastructure.tools.offline.terraform import run
from infrastructure.tools.offline.workspace import workspace

ROOTS = (ROOT, ROOT / "bootstrap")


def check() -> int:
    """Validate every root, then run the tests of the main one; return the exit code."""
    for root in ROOTS:
        with workspace(root) as space:
            print(f"validate {root.relative_to(ROOT.parent)}: ", end="", flush=True)
            if code := space.run("validate", "-no-color"):
                return code
            if root == ROOT and (code := space.run("test", "-no-color")):
                return code
    return 0


def fmt() -> int:
    """Show what ``terraform fmt`` would change; return the exit code."""
    return run(["fmt", "-check", "-diff", "-recursive", "-no-color"], ROOT, {}).returncode


def plan(variables: list[Path], settings: list[str], root: Path = ROOT) -> str:
    """Return the plan of a root as JSON text (``terraform show -json``)."""
    files = [f"-var-file={path.resolve()}" for path in variables]
    given = [f"-var={setting}" for setting in settings]
    with workspace(root) as space:
        space.output("plan", "-input=false", "-no-color", "-out=plan.bin", *files, *given)
        return space.output("show", "-json", "plan.bin")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        prog="python -m infrastructure.tools.offline",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="validate and test")
    commands.add_parser("fmt", help="say which files are not formatted")
    planning = commands.add_parser("plan", help="write a plan as JSON")
    planning.add_argument("variables", nargs="*", type=Path, help="*.tfvars.json, later ones win")
    planning.add_argument("--root", type=Path, default=ROOT, help="default: infrastructure")
    planning.add_argument("--var", action="append", default=[], help="NAME=VALUE, as Terraform's")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = parse(arguments)
    try:
        if options.command == "check":
            return check()
        if options.command == "fmt":
            return fmt()
        print(plan(options.variables, options.var, options.root))
    except OfflineError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
