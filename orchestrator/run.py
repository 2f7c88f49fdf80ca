"""Headless training: check the variables, run both Mage pipelines, say what became of it.

Exit codes: 0 promoted, refused or unchanged (a result all the same; --require-promotion makes the
latter two 3), 1 a pipeline or service failed, 2 a variable or setting is not accepted, 130 interrupted.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from contract.environment import SettingsError
from contract.errors import StudentPerformanceError
from orchestrator.training.errors import PipelineError, VariableError
from orchestrator.training.progress import MARK, PROGRESS, PROGRESS_MARK
from orchestrator.training.settings import Settings, check_tracking
from orchestrator.training.variables import DEFAULT_SEED, DEFAULT_TRIALS, Variables

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "orchestrator" / "student_performance"
PIPELINES = ("data_processing", "model_training")
STOP_SECONDS = 10
TAIL_LINES = 15
COUNT = re.compile(rf"{PROGRESS_MARK}(?P<done>\d+)/(?P<total>\d+)")


def main(arguments: list[str] | None = None) -> int:
    """Run headless training; returns the exit code."""
    options = parse(arguments)
    try:
        variables = Variables.parse(given(options))
        return report(train(variables, options.verbose), options.require_promotion)
    except KeyboardInterrupt:
        print("\nInterrupted; the champion is what it was.", file=sys.stderr)
        return 130
    except StudentPerformanceError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 2 if isinstance(error, (VariableError, SettingsError)) else 1


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m orchestrator.run", description=__doc__)
    parser.add_argument("--seed", help=f"of tuning, folds and intervals (default {DEFAULT_SEED})")
    parser.add_argument("--trials", help=f"Optuna trials per candidate (default {DEFAULT_TRIALS})")
    parser.add_argument("--csv", help="students file (default: data/, Kaggle, simulator)")
    parser.add_argument(
        "--skip-bad-rows", action="store_true", help="put bad rows into a CSV instead of stopping"
    )
    parser.add_argument(
        "--labelled", action="store_true", help="add newly labelled predictions (DATABASE_URL)"
    )
    parser.add_argument(
        "--drift", action="store_true", help="a drift is open: the gate asks for no gain"
    )
    parser.add_argument("--repeats", help="of cross-validation in the report (default 5, 0: none)")
    parser.add_argument("--request-id", help="name of the outcome (default: random)")
    parser.add_argument(
        "--require-promotion", action="store_true", help="exit with 3 if nothing is promoted"
    )
    parser.add_argument("--verbose", action="store_true", help="show all that Mage prints")
    return parser.parse_args(arguments)


def given(options: argparse.Namespace) -> dict[str, object]:
    """Return the variables named on the command line; a CSV's path is made absolute."""
    csv = str(Path(options.csv).expanduser().resolve()) if options.csv else ""
    return vars(options) | {"csv": csv}


def train(variables: Variables, verbose: bool = False) -> dict[str, Any]:
    """Run both pipelines and return the outcome; raises a StudentPerformanceError."""
    # Imported late, so that --help and a refused variable answer at once.
    from orchestrator.training.storage import (  # pylint: disable=import-outside-toplevel
        Stores,
    )

    settings = Settings.from_environment()
    check_tracking(settings.tracking_uri)
    stores = Stores.open(settings)
    stores.models.check()
    stores.artifacts.check()
    with tempfile.TemporaryDirectory(prefix="mage-") as folder:
        log = Path(tempfile.gettempdir()) / f"student-performance-train-{variables.request_id}.log"
        for pipeline in PIPELINES:
            print(f"-- {pipeline}", flush=True)
            run_pipeline(pipeline, variables, environment(Path(folder)), None if verbose else log)
        log.unlink(missing_ok=True)
    outcome = stores.artifacts.get_json(f"outcomes/{variables.request_id}.json")
    if outcome is None:
        raise PipelineError("model_training ended without an outcome")
    return dict(outcome)


def environment(folder: Path, given_environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return Mage's environment: its files go to MAGE_DATA_DIR or ``folder``, never to the tree."""
    path = os.pathsep.join(filter(None, [str(ROOT), given_environment.get("PYTHONPATH", "")]))
    return {
        "MAGE_DATA_DIR": str(folder),
        **given_environment,
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        "DO_NOT_TRACK": "1",
        PROGRESS: "1",
        # Candidates run in two threads already; more would only wait for each other.
        "OMP_NUM_THREADS": "1",
    }


def run_pipeline(
    pipeline: str, variables: Variables, env: dict[str, str], log: Path | None
) -> None:
    """Run one pipeline with ``mage run --test``; raises PipelineError if a block failed.

    What the run tells is printed; the rest of Mage's output goes to ``log`` (None: all is shown).
    """
    # `mage run` goes on with defaults when --runtime-vars is not JSON: hence json.dumps of
    # checked values, and no text from outside.
    command = [
        str(Path(sys.executable).with_name("mage")),
        "run",
        str(PROJECT),
        pipeline,
        "--test",
        "--runtime-vars",
        json.dumps(variables.as_dict()),
    ]
    streams = {} if log is None else {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, env=env, cwd=ROOT, start_new_session=True, **streams) as process:
        try:
            if log is not None:
                relay(process.stdout, log)
            code = process.wait()
        except BaseException:
            stop(process)
            raise
    if code:
        tail = "" if log is None else f":\n{tail_of(log)}\nThe whole output: {log}"
        raise PipelineError(f"{pipeline} failed (exit code {code}){tail}")


def relay(output: IO[bytes], log: Path) -> None:
    """Copy ``output`` to ``log``; print marked lines and turn progress into a bar (on terminals)."""
    with log.open("ab") as file, tqdm(unit="trial", desc="tuning", disable=None) as bar:
        for raw in output:
            file.write(raw)
            line = raw.decode(errors="replace").rstrip()
            if counted := COUNT.fullmatch(line):
                bar.total = int(counted["total"])
                bar.update(int(counted["done"]) - bar.n)
            elif line.startswith(MARK):
                tqdm.write(f"   {line.removeprefix(MARK)}")


def tail_of(log: Path) -> str:
    """Return the log's last lines without the framework's own frames."""
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join(f"   {line}" for line in lines[-TAIL_LINES:])


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop Mage and its workers: they are one process group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(STOP_SECONDS)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def report(outcome: dict[str, Any], require_promotion: bool = False) -> int:
    """Print the outcome for people; returns the exit code."""
    metrics = outcome["metrics"]
    if outcome["promoted"]:
        print(f"Promoted: version {outcome['version']} ({outcome['candidate']})")
    else:
        standing = outcome["champion_before"]
        print(
            f"{outcome['decision'].capitalize()}: {outcome['candidate']}; champion stays version {standing}"
        )
    for reason in outcome["reasons"]:
        print(f"  - {reason}")
    if outcome["data"] == "simulator":
        print("  NOTE: trained on simulated students; no real data was at hand.")
    print(
        f"  test split: f1-macro {metrics['f1_macro']:.3f}, "
        f"accuracy {metrics['accuracy']:.3f}, log-loss {metrics['log_loss']:.3f}"
    )
    return 3 if require_promotion and not outcome["promoted"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
