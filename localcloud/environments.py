#!/usr/bin/env python3
"""Create the virtual environment of each component: ``python3 localcloud/environments.py
[NAME...]``.

Mage, the MLflow server, the AWS emulator and the project itself pin packages against each other, so
each has an environment of its own, as each has a container of its own elsewhere. Installs are
hash-checked against the locked requirements. An environment carries a stamp (sha256 of its lock
file and the interpreter's version), written last: a second call compares stamps and is done, an
interrupted one is taken up again.

Runs on the system's interpreter with the standard library alone, since it makes everything else.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # Run as a file, so the repository is not on the path yet.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    runpy.run_module("localcloud.environment", run_name="__main__", alter_sys=True)
