"""The containers' images: built by CodeBuild from the source, unless ECR has those of this very source already."""

import hashlib
import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from botocore import exceptions as aws

from shop.contracts.topology import CONTAINERS
from shop.deploy.aws.account import AwsAccount, code_of, said
from shop.deploy.aws.progress import Line, Screen
from shop.local.errors import Failed
from shop.local.language import say

__all__ = ["archive", "build", "source", "tag_of"]

ROOTS: Final = ("Dockerfile", ".dockerignore", "buildspec.yml", "pyproject.toml", "uv.lock", "scripts/image-content")
FOLDERS: Final = ("src/shop", "docker")
KEY: Final = "source.zip"  # the project's source, as infra/stacks/images.py names it
PAUSE: Final = 5.0
PHASES: Final = (
    "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD",
    "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED",
)  # fmt: skip
SERVICES: Final = tuple(dict.fromkeys(container.service for container in CONTAINERS))


def source(root: Path) -> Iterator[tuple[str, Path]]:
    """Every file that an image is made of, by its name in the checkout, in order."""
    found = {name: root / name for name in ROOTS}
    for folder in FOLDERS:
        for file in (root / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyc":
                found[file.relative_to(root).as_posix()] = file
    yield from sorted(found.items())


def tag_of(root: Path) -> str:
    """What stands for this source: the hash of every file's name, mode and content."""
    digest = hashlib.sha256()
    for name, file in source(root):
        content = file.read_bytes()
        digest.update(f"{name}\0{mode(file):o}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def mode(file: Path) -> int:
    """Whether it can be run: the rest of a mode is the machine's affair."""
    return 0o100755 if file.stat().st_mode & 0o100 else 0o100644


def archive(root: Path) -> bytes:
    """The source as one zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, file in source(root):
            about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            about.external_attr, about.create_system = mode(file) << 16, 3
            about.compress_type = zipfile.ZIP_DEFLATED
            pack.writestr(about, file.read_bytes())
    return out.getvalue()


def build(account: AwsAccount, screen: Screen, name: str, bucket: str, project: str, root: Path, tag: str) -> None:
    """Make the images of this tag be there. Failed, with the end of the build's log, when they could not be built."""
    with screen.line("images") as line:
        if all(has(account, f"shop-{name}/{service}", tag) for service in SERVICES):
            line.done(say(f"イメージ {tag} はできています", f"{tag} is there already"))
            return
        running = underway(account, project, tag)
        if running is None:
            line.at(0, len(PHASES), say("ソースを送っています", "sending the source"))
            account.client("s3").put_object(Bucket=bucket, Key=KEY, Body=archive(root))
            running = start(account, project, tag)
        ended = follow(account, line, running)
        if ended["buildStatus"] != "SUCCEEDED":
            raise Failed(broken(account, ended))
        line.done(say(f"イメージ {tag} を作りました", f"{tag} is built"))


def has(account: AwsAccount, repository: str, tag: str) -> bool:
    """Whether there is an image of this tag."""
    try:
        found = account.client("ecr").describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except aws.ClientError as error:
        if code_of(error) in {"ImageNotFoundException", "RepositoryNotFoundException"}:
            return False
        raise
    return bool(found["imageDetails"])


def underway(account: AwsAccount, project: str, tag: str) -> str | None:
    """The id of a build of this tag that an interrupted run has started."""
    client = account.client("codebuild")
    ids = client.list_builds_for_project(projectName=project, sortOrder="DESCENDING").get("ids", [])[:10]
    for one in client.batch_get_builds(ids=ids)["builds"] if ids else ():
        told = {v["name"]: v["value"] for v in one.get("environment", {}).get("environmentVariables", ())}
        if one["buildStatus"] == "IN_PROGRESS" and told.get("TAG") == tag:
            return str(one["id"])
    return None


def start(account: AwsAccount, project: str, tag: str) -> str:
    """The id of a build that begins now. Raises Failed."""
    try:
        told = account.client("codebuild").start_build(
            projectName=project, environmentVariablesOverride=[{"name": "TAG", "value": tag, "type": "PLAINTEXT"}]
        )
    except aws.ClientError as error:
        if code_of(error) != "AccountLimitExceededException":
            raise
        raise Failed(
            say(
                "新しいアカウントでは CodeBuild の同時ビルド数が 0 のことがあります。Service Quotas で "
                "「Concurrently running builds for ARM/Small environment」を 1 以上に申請してください",
                "CodeBuild allows this account no build: new accounts begin at 0. Ask Service Quotas for "
                "'Concurrently running builds for ARM/Small environment', 1 or more",
            )
            + f" ({said(error)})"
        ) from error
    return str(told["build"]["id"])


def follow(account: AwsAccount, line: Line, build_id: str) -> dict[str, Any]:
    """Watch a build until it has ended."""
    while True:
        told: dict[str, Any] = account.client("codebuild").batch_get_builds(ids=[build_id])["builds"][0]
        phase = told.get("currentPhase", PHASES[0])
        line.at(PHASES.index(phase) if phase in PHASES else 0, len(PHASES) - 1, f"CodeBuild {phase}")
        if told["buildStatus"] != "IN_PROGRESS":
            return told
        time.sleep(PAUSE)


def broken(account: AwsAccount, ended: dict[str, Any]) -> str:
    """What went wrong in a build."""
    contexts = [
        f"{phase['phaseType']}: {context.get('message', '')}"
        for phase in ended.get("phases", ())
        for context in phase.get("contexts", ())
        if context.get("message")
    ]
    log = ended.get("logs", {})
    lines: list[str] = []
    if log.get("groupName") and log.get("streamName"):
        events = account.client("logs").get_log_events(
            logGroupName=log["groupName"], logStreamName=log["streamName"], limit=25, startFromHead=False
        )["events"]
        lines = [event["message"].rstrip() for event in events]
    head = say("イメージを作れませんでした", "the images could not be built")
    return "\n  ".join([f"{head} ({ended['buildStatus']}, {ended['id']})", *contexts, *lines])
