"""Mage's server with its queue repaired."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys

from orchestrator import run


def test_a_queued_job_is_never_lost() -> None:
    """Mage's queue, repaired: a job taken but not yet running still counts, and its pool comes back."""
    code = """
import time
from orchestrator import server
from mage_ai.orchestration.queue.config import QueueConfig
from mage_ai.orchestration.queue.process_queue import ProcessQueue

class Watched(ProcessQueue):
    pools = 0
    def start_worker_pool(self):
        Watched.pools += 1

server.repair(Watched)
queue = Watched(QueueConfig())
queue.start()
queue.enqueue("job", print)
time.sleep(.2)
assert queue.has_job("job") and Watched.pools >= 1
queue.queue.get()
pools = Watched.pools
assert queue.has_job("job"), "taken by a worker that has not said so yet"
queue.clean_up_jobs()
assert queue.job_dict["job"] == "queued"
assert Watched.pools > pools, "the pool had gone"
server.START_SECONDS = 0
assert not queue.has_job("job"), "its worker is dead"
queue.job_dict["job"] = "completed"
assert not queue.has_job("job") and not queue.has_job("other")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=run.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert multiprocessing.active_children() == []
