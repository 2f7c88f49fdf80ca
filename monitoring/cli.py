"""The command line: ``python -m monitoring COMMAND``."""

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from psycopg2.extensions import connection as Connection

from contract.errors import StudentPerformanceError
from monitoring import settings
from monitoring.clients import client
from monitoring.errors import MonitoringError, StudentsError
from monitoring.ingest import label_file
from monitoring.settings import Settings
from monitoring.storage import database, status
from monitoring.storage.migrate import migrate, set_dashboard_password


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m monitoring", description=__doc__)
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING"))
    commands = parser.add_subparsers(dest="command", required=True)
    worker = commands.add_parser("worker", help="ingest, watch and alert until stopped (Ctrl-C)")
    worker.add_argument("--once", action="store_true", help="do what is there to do, then end")
    worker.add_argument("--ready-file", type=Path, help="written once the schema is in place")
    commands.add_parser("migrate", help="bring the database's schema up to date")
    labels = commands.add_parser("labels", help="load true grades from a CSV file")
    labels.add_argument(
        "file",
        type=Path,
        help="columns: prediction_id or student_id,time; GradeClass and/or GPA",
    )
    report = commands.add_parser("report", help="write the dashboards as one HTML page")
    report.add_argument("--output", type=Path, default=Path("monitoring-report.html"))
    report.add_argument("--hours", type=float, help="only the last so many hours")
    window = commands.add_parser("window", help="evaluate a closed window again")
    window.add_argument("number", type=int)
    commands.add_parser("health", help="exit 0 if the worker's loops are alive")
    commands.add_parser("status", help="alarms, incidents, deliveries and windows as JSON")
    forget = commands.add_parser("forget", help="erase the student that STUDENT names")
    forget.add_argument("--yes", action="store_true", help="do it, not only say what would be done")
    export = commands.add_parser(
        "export", help="write all that is kept on the student STUDENT names"
    )
    for command in (forget, export):
        command.add_argument("--output", type=Path, default=Path(".local"), help="folder")
    return parser


def _students(connection: Connection, configured: Settings, arguments: argparse.Namespace) -> None:
    # pylint: disable=import-outside-toplevel
    from monitoring.students import export, forgetting  # pandas: not for the light commands
    from monitoring.students.documents import write

    # Not an argument: every user of a machine can read those of a program.
    student = os.environ.get("STUDENT", "")
    if not student or not configured.artifact_bucket:
        raise StudentsError("STUDENT must name the student, ARTIFACT_BUCKET the bucket of training")
    stores = forgetting.Stores(
        client("s3", configured.endpoint_url),
        configured.artifact_bucket,
        client("kinesis", configured.endpoint_url),
        (configured.students_stream, configured.predictions_stream, configured.labels_stream),
        Path(configured.mage_data) if configured.mage_data else None,
    )
    if arguments.command == "export":
        document = export.export(connection, stores, student)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        print(write(arguments.output / f"export-{stamp}.json", document))
        return
    if not arguments.yes:
        for store, rows in forgetting.survey(connection, stores, student).items():
            print("\n".join(f"{store}  {count:6}  {name}" for name, count in rows.items()))
        print("Nothing was changed. With --yes (make: YES=1) these rows are erased.")
        return
    receipt = forgetting.forget(connection, stores, student)
    name = f"forgotten-{receipt['student'][:12]}-{receipt['begun_at'][:10]}.json"
    print(write(arguments.output / name, receipt))
    if not receipt["complete"]:
        print(
            f"Until {receipt['clear_at']} the streams may still hold records; what comes of them is"
            " not stored. Run this again then: the receipt says complete."
        )


def _worker(configured: Settings, only_once: bool, ready_file: Path | None) -> None:
    # pylint: disable=import-outside-toplevel
    from monitoring.worker import Worker, once  # pandas and scipy: not for the light commands

    if only_once:
        print(json.dumps(once(configured)))
        return
    worker = Worker(configured, ready_file)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()


def _run(arguments: argparse.Namespace) -> None:
    configured = settings.load()
    if arguments.command == "worker":
        _worker(configured, arguments.once, arguments.ready_file)
        return
    connection = database.connect(configured.database_url)
    try:
        applied = migrate(connection)
        if arguments.command == "migrate":
            set_dashboard_password(connection)
            print("\n".join(applied) or "the schema is up to date")
        elif arguments.command == "labels":
            print(label_file.load(connection, arguments.file))
        elif arguments.command == "window":
            from monitoring.worker import build_watch  # pylint: disable=import-outside-toplevel

            judged = build_watch(configured).again(connection, arguments.number)
            print(f"{judged.level}: {'; '.join(judged.reasons)}")
        elif arguments.command == "report":
            from monitoring.dashboards.report import page  # pylint: disable=import-outside-toplevel

            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            arguments.output.write_text(page.render(connection, arguments.hours), encoding="utf-8")
            print(arguments.output)
        elif arguments.command == "health":
            silent = status.silent_loops(connection)
            if silent:
                raise MonitoringError(f"not heard of for two minutes: {', '.join(silent)}")
            print("healthy")
        elif arguments.command in ("forget", "export"):
            _students(connection, configured, arguments)
        elif arguments.command == "status":
            print(json.dumps(status.read(connection), indent=2, default=str))
    finally:
        connection.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 1 after saying what is wrong."""
    parsed = _parser().parse_args(arguments)
    logging.basicConfig(
        level=parsed.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        _run(parsed)
    except (StudentPerformanceError, BotoCoreError, ClientError, *database.TRANSIENT) as error:
        print(f"monitoring: {str(error).strip()}", file=sys.stderr)
        return 1
    return 0
