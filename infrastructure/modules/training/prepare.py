"""Make a service its own role and database before it starts: with the owner's rights, which the
service itself does not get. It owns its database and nothing of monitoring's; READS_LABELS lets it
read the view of labelled predictions, which training learns from.
"""

import os

import psycopg2
from psycopg2.extensions import encrypt_password
from psycopg2.sql import SQL, Identifier

READERS = "training_ro"  # monitoring's migration gives it the view; whoever comes first makes it


def main() -> None:
    """Make what is missing; the password becomes the environment's at every start."""
    name = os.environ["OWN_DATABASE"]
    connection = psycopg2.connect(dbname=os.environ["FIRST_DATABASE"], connect_timeout=10)
    connection.autocommit = True
    with connection.cursor() as cursor:
        own = Identifier(name)
        for role in (name, READERS):
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
            if not cursor.fetchone():
                cursor.execute(SQL("CREATE ROLE {}").format(Identifier(role)))
        # Hashed here: the password itself is in no statement that the server might log.
        secret = encrypt_password(os.environ["OWN_PASSWORD"], name, connection, "scram-sha-256")
        cursor.execute(SQL("ALTER ROLE {} LOGIN PASSWORD %s").format(own), (secret,))
        # Who makes a role is not its member since Postgres 16, and only a member gives it something.
        cursor.execute(SQL("GRANT {} TO CURRENT_USER").format(own))
        if os.environ.get("READS_LABELS") == "1":
            cursor.execute(SQL("GRANT {} TO {}").format(Identifier(READERS), own))
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if not cursor.fetchone():
            cursor.execute(SQL("CREATE DATABASE {} OWNER {}").format(own, own))
        cursor.execute(SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(own))
    connection.close()


main()
