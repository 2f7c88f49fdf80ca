"""Mage's server, its door closed and its queue repaired: ``python -m orchestrator.server start ...``.

Takes the arguments of Mage's own command: the project first. In Mage 0.9.80 a queued run can be lost: a worker takes
the job out of the queue, and until it has written its process id the job counts as unknown; the
scheduler, which looks twice in one pass, then queues it again and deletes its entry, both workers
die of a KeyError, and a third copy waits in a queue whose worker pool has gone. The run stays
RUNNING for ever (measured: the second of two triggered runs, on a busy two-core machine).
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mage_ai.cli.main import app
from mage_ai.orchestration.queue.process_queue import JobStatus, ProcessQueue
from mage_ai.settings.repo import set_repo_path

from contract.callers import allowed_names
from contract.environment import SettingsError
from orchestrator.accounts import keep_accounts, signs_in
from orchestrator.door import close_door

START_SECONDS = 60.0
"""A worker needs well under a second from taking a job to writing its process id; after this it is
dead, and the job may be queued again."""


def repair(queue_class: type[Any] = ProcessQueue) -> None:
    """Replace ``enqueue`` and ``has_job`` of Mage's queue; every process forked later has them."""
    enqueue, has_job = queue_class.enqueue, queue_class.has_job

    def enqueue_and_note(self: Any, job_id: str, target: Any, *args: Any, **kwargs: Any) -> None:
        if not self.has_job(job_id):
            queued_at(self)[job_id] = time.monotonic()
        enqueue(self, job_id, target, *args, **kwargs)

    def has_queued_job(self: Any, job_id: str, *args: Any, **kwargs: Any) -> bool:
        queued = self.job_dict.get(job_id) == JobStatus.QUEUED
        if not queued or job_id not in queued_at(self):
            return bool(has_job(self, job_id, *args, **kwargs))
        if not self.is_worker_pool_alive():
            # It left as the job came in.
            self.start_worker_pool()
        waiting = time.monotonic() - queued_at(self)[job_id]
        return not self.queue.empty() or waiting < START_SECONDS

    queue_class.enqueue, queue_class.has_job = enqueue_and_note, has_queued_job


def queued_at(queue: Any) -> dict[str, float]:
    """Return when each job of ``queue`` was queued in this process (monotonic seconds)."""
    times: dict[str, float] = queue.__dict__.setdefault("queued_at", {})
    return times


def main(arguments: Sequence[str]) -> int:
    """Serve as Mage's command does; a secret that is missing ends it with status 2 and one line."""
    try:
        signed_in = signs_in(os.environ)
    except SettingsError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 2
    repair()
    close_door(allowed_names(os.environ), signed_in)
    if signed_in:
        set_repo_path(str(Path(arguments[1]).resolve()))
        keep_accounts(os.environ)
    return int(app(list(arguments)) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
