"""The local cloud's commands: ``python -m localcloud --help``."""

import argparse
import os
import sys
import tempfile
import uuid
from pathlib import Path

from contract.errors import StudentPerformanceError
from localcloud import control, supervisor
from localcloud.configuration import DEFAULT_STATE, LOCAL_VARIABLES, renamed
from localcloud.process import tail
from localcloud.services.emulator import Emulator
from localcloud.services.localstack.choice import choose
from localcloud.stack import ALL, Options
from localcloud.state_file import check_endpoint, read_variables
from localcloud.train import train


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = argparse.ArgumentParser(prog="python -m localcloud", description=__doc__)
    result.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, help="state directory (.local)"
    )
    result.add_argument("--endpoint", help="use this AWS endpoint instead of the emulator")
    result.add_argument(
        "--localstack", action="store_true", help="let LocalStack play AWS, not ministack"
    )
    # What a stack beside the user's own needs: other names, never the usual ports.
    for option, kind in (
        ("--variables", {"type": Path, "default": LOCAL_VARIABLES}),
        ("--free-ports", {"action": "store_true"}),
    ):
        result.add_argument(option, help=argparse.SUPPRESS, **kind)
    commands = result.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="everything once, end to end, then a clean stop")
    run.add_argument("--trials", type=int, default=6, help="Optuna trials per candidate (6)")
    soak = commands.add_parser("soak", help="traffic under seeded faults, then an audit")
    soak.add_argument("--duration", type=float, default=600, help="seconds of traffic (600)")
    soak.add_argument("--seed", type=int, help="of traffic and faults; printed where not given")
    up = commands.add_parser("up", help="start the services and leave them running")
    # Without help it is not listed: `up` starts it.
    supervise = commands.add_parser("supervise")
    for command in (up, supervise):
        command.add_argument(
            "services", nargs="*", default=[], metavar="SERVICE", help=f"of {', '.join(ALL)} (all)"
        )
    commands.add_parser("down", help="stop them; state is kept")
    commands.add_parser("status", help="what runs, where, and where its log is")
    commands.add_parser("env", help="the variables by which programs find the services")
    logs = commands.add_parser("logs", help="the end of every log, or of one service's")
    logs.add_argument("service", nargs="?")
    logs.add_argument("-n", "--lines", type=int, default=20)
    commands.add_parser("train", help="train in Mage and publish the champion", add_help=False)
    return result


def _up(state: Path, options: argparse.Namespace) -> int:
    given = [
        *(["--endpoint", options.endpoint] if options.endpoint else []),
        *(["--localstack"] if options.localstack else []),
    ]
    if options.localstack:
        # Here, where one sees what it waits for.
        choose()
    recorded = control.up(state, options.services, print, given)
    check_endpoint(read_variables(state) or {}, options.endpoint)
    print(f"ready; the variables are in {state / 'env'}, the logs in {state / 'logs'}")
    return 0 if recorded.phase == "ready" else 1


def _env(state: Path) -> int:
    path = state / "env"
    if not path.exists():
        print("nothing runs; `make up` starts it", file=sys.stderr)
        return 1
    print(path.read_text(encoding="utf-8"), end="")
    return 0


def _logs(state: Path, service: str | None, lines: int) -> None:
    for log in sorted((state / "logs").glob(f"{service or '*'}.log")):
        print(f"== {log}\n{tail(log, lines)}")


def _supervise(state: Path, options: argparse.Namespace) -> int:
    emulator = choose() if options.localstack else Emulator
    stack = Options(
        options.variables,
        usual_ports=not options.free_ports,
        endpoint=options.endpoint,
        emulator=emulator,
    )
    return supervisor.main(state, options.services or list(ALL), stack)


def _demo(state: Path, trials: int, endpoint: str | None) -> int:
    # pandas and the rest of the demo would slow every other command.
    from localcloud.demo.steps import (  # pylint: disable=import-outside-toplevel
        Demo,
    )

    if not endpoint:
        return Demo(state / "run", trials).run()
    # Others use it too, and a second run would meet the first one's champion.
    with tempfile.TemporaryDirectory() as folder:
        names = renamed(Path(folder), f"run-{uuid.uuid4().hex[:10]}")
        demo = Demo(state / "run", trials, Options(names, endpoint=endpoint))
        try:
            return demo.run()
        finally:
            demo.remove()


def _soak(state: Path, options: argparse.Namespace) -> int:
    # As above.
    from localcloud.soak.run import main as soak  # pylint: disable=import-outside-toplevel

    return soak(state / "soak", options.duration, options.seed, options.endpoint)


def _run(options: argparse.Namespace, state: Path) -> int:
    code = 0
    match options.command:
        case "run":
            code = _demo(state, options.trials, options.endpoint)
        case "soak":
            code = _soak(state, options)
        case "up":
            code = _up(state, options)
        case "supervise":
            code = _supervise(state, options)
        case "down":
            stopped = control.down(state)
            print("stopped; state is kept" if stopped else f"nothing runs in {state}")
        case "status":
            print(control.status(state))
        case "env":
            code = _env(state)
        case "logs":
            _logs(state, options.service, options.lines)
        case "train":
            code = train(state, options.arguments, options.endpoint)
    return code


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    # What follows `train` is the training program's, options included (argparse's REMAINDER
    # refuses a leading option).
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command != "train":
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    options.arguments = rest
    state: Path = options.state.resolve()
    # What this writes holds students' records and passwords: for its owner alone.
    os.umask(0o077)
    try:
        code = _run(options, state)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever reads (`make status | head`) has seen enough; Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except StudentPerformanceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
