"""AWS on this machine: the emulator `ministack` as a child of ours, through `emulator_launcher`.

It keeps everything in memory, and saves it in its folder when it is told to end (SIGTERM): wait for that.
"""

import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["REGION", "SAVING", "Access", "Emulator", "Saved"]

REGION = "ap-northeast-1"
SAVING = 120  # seconds that it may take to save at its end
NOTE = "saved.json"
USED = "cognito-idp,dynamodb,dynamodbstreams,events,s3,secretsmanager,ses,sns,sqs,ssm"


@dataclass(frozen=True, slots=True)
class Access:
    """How AWS is reached: what every SDK calls endpoint, region and credentials.

    The emulator takes a key id of twelve digits for the account of that number, and keeps accounts apart.
    """

    endpoint: str
    account: str = "000000000000"
    region: str = REGION
    secret: str = "local"  # noqa: S105 - of nothing but this machine

    @property
    def queue_url_prefix(self) -> str:
        """What stands before a queue's name in its URL."""
        return f"{self.endpoint}/{self.account}/"

    def environment(self) -> dict[str, str]:
        """The variables by which AWS's SDKs and ours find it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@dataclass(frozen=True, slots=True)
class Saved:
    """Which generation of the shop the emulator saved last, and which one it had loaded then; empty: none."""

    generation: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Emulator:
    """One emulator with its state in `folder`. Unless it `remembers`, it begins empty at every start (tests).

    `generation` names this run of the shop: the emulator notes it beside its state when it has saved.
    """

    folder: Path
    port: int
    remembers: bool = True
    generation: str = ""

    @property
    def access(self) -> Access:
        """The address and credentials of its first account."""
        return Access(f"http://127.0.0.1:{self.port}")

    def prepare(self) -> None:
        """Make its folders."""
        for name in ("state", "s3", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def saved(self) -> Saved:
        """What it saved last."""
        note = self.folder / NOTE
        return Saved(**json.loads(note.read_text())) if note.exists() else Saved()

    def environment(self) -> dict[str, str]:
        """Its settings: loopback only, everything inside its folder, nothing started that the shop does not use."""
        remembers = "1" if self.remembers else "0"
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "GATEWAY_PORT": str(self.port),
            "SERVICES": USED,
            "AUTH": "true",
            "AWS_SECRET_ACCESS_KEY": self.access.secret,  # presigned URLs are checked with it
            "PERSIST_STATE": remembers,
            "S3_PERSIST": remembers,
            "STATE_DIR": str(self.folder / "state"),
            "S3_DATA_DIR": str(self.folder / "s3"),
            "TMPDIR": str(self.folder / "tmp"),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "COGNITO_EMAIL_ENABLED": "false",  # the shop sends its codes itself
            "MINISTACK_WORKER_THREADS": "8",
            "LOG_LEVEL": "WARNING",
            "SHOP_LIFELINE_GRACE": str(SAVING),
            "SHOP_NOTE": str(self.folder / NOTE) if self.remembers else "",
            "SHOP_GENERATION": self.generation,
        }

    def command(self, lifeline: int) -> list[str]:
        """What starts it, so that it ends, saving, with whoever holds the other end of `lifeline`."""
        return [sys.executable, "-m", "shop.local.child", str(lifeline), "-m", "shop.local.emulator_launcher"]

    def is_ready(self) -> bool:
        """Whether it takes connections; it does not before its saved state is loaded."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
