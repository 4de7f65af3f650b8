"""Roles and databases on a PostgreSQL server that has none yet: `python -m shop.deploy.databases [SERVICE ...]`.

On AWS a container of every task runs it before the service starts. Once all is there it changes nothing, but for the
passwords, which become those that it is given: a secret that was rotated is in force after the next start.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from shop.contracts.topology import DATABASES
from shop.kernel.config import load, variable
from shop.kernel.errors import SettingsError

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

__all__ = ["Settings", "main", "prepare", "verifier"]

LOCK = 7236013  # an advisory lock: several tasks start at once
PATIENCE = 10.0  # seconds for a connection
ITERATIONS = 4096  # PostgreSQL's own number
ORDER = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"  # as on the laptop: texts sort alike, kana are letters
ROLE = "select true from pg_roles where rolname = $1"
DATABASE = "select true from pg_database where datname = $1"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The server's administrator (whose password comes as PGPASSWORD), and the password of each role asked for."""

    database_url: str
    catalog_password: str | None = None
    orders_password: str | None = None

    def password(self, service: str) -> str:
        """The password of a service's role. Raises SettingsError."""
        field = f"{service}_password"
        password: str | None = getattr(self, field)
        if not password:
            raise SettingsError(f"{variable(field)} is missing")
        if not password.isascii():
            raise SettingsError(
                f"{variable(field)} is not plain ASCII"
            )  # PostgreSQL would normalize it before it hashes
        return password


async def prepare(dsn: str, passwords: Mapping[str, str]) -> None:
    """A role that owns a database of its own, closed to the others, for each of these names."""
    connection = await asyncpg.connect(dsn, timeout=PATIENCE)
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        for name, password in passwords.items():
            await role(connection, name, password)
            await database(connection, name)
    finally:
        await connection.close()


async def role(connection: "Connection", name: str, password: str) -> None:
    """A role with this password. Only what the server keeps of a password is sent: statements may be logged."""
    verb = "ALTER" if await connection.fetchval(ROLE, name) else "CREATE"
    statement = await connection.fetchval("select format('%s ROLE %I LOGIN PASSWORD %L', $1::text, $2::text, $3::text)",
                                          verb, name, verifier(password))  # fmt: skip
    await connection.execute(statement)


async def database(connection: "Connection", name: str) -> None:
    """A database that belongs to the role of its name."""
    quoted = await connection.fetchval("select quote_ident($1)", name)
    # The administrator of RDS is no superuser: it makes a database for a role as a member of that.
    await connection.execute(f"GRANT {quoted} TO CURRENT_USER")
    if not await connection.fetchval(DATABASE, name):
        await connection.execute(f"CREATE DATABASE {quoted} OWNER {quoted} TEMPLATE template0 {ORDER}")
    await connection.execute(f"REVOKE CONNECT ON DATABASE {quoted} FROM PUBLIC")


def verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL keeps of a password (SCRAM-SHA-256, RFC 5803)."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    client, server = (hmac.digest(salted, word, "sha256") for word in (b"Client Key", b"Server Key"))
    stored = hashlib.sha256(client).digest()
    parts = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(ITERATIONS, *parts)


def main(services: Sequence[str]) -> int:
    """Prepare the databases of these services, or of all. 2: the settings are wrong; 1: the server says no."""
    try:
        if unknown := set(services) - set(DATABASES):
            raise SettingsError(f"{', '.join(sorted(unknown))}: there are {', '.join(DATABASES)}")
        settings: Any = load(Settings)
        passwords = {service: settings.password(service) for service in services or DATABASES}
        asyncio.run(prepare(settings.database_url, passwords))
    except SettingsError as error:
        sys.stderr.write(f"the databases cannot be made: {error}\n")
        return 2
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        sys.stderr.write(f"the databases could not be made: {type(error).__name__}: {error}\n")
        return 1
    sys.stdout.write(f"ready: {', '.join(passwords)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
