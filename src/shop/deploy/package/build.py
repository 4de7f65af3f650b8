"""`shop package`: makes the zips, one service after the other, and leaves those alone that are as they should be."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from shop.deploy.package import archive, bytecode, checks, tree, wheels
from shop.deploy.package.manifest import PACKAGED, Manifest, Package, Target, handlers
from shop.deploy.package.modules import SHARED, Incomplete
from shop.local.errors import Failed, Refused
from shop.local.language import say

__all__ = ["ROOT", "Builder", "package"]

ROOT = Path(__file__).parents[4]  # the checkout
LAMBDA_PYTHON, LAMBDA_MACHINE = "3.13", "aarch64"
COLLECTOR = "collector.yaml"  # the collector layer is told to read /var/task/collector.yaml
COST = 0.2  # seconds of CPU more at a cold start without bytecode: tests/bench/bench_packages.py


def package(
    target: Target, services: Sequence[str], out: Path | None, *, root: Path = ROOT, tell: Callable[[str], None]
) -> Manifest:
    """Make the zips of these services (all, when none is named) in `out`, and tell how it goes.

    Refused when that cannot be done here, Failed when it went wrong.
    """
    if unknown := [service for service in services if service not in PACKAGED]:
        raise Refused(
            say(f"{', '.join(unknown)} は zip になりません。選べるのは", f"{', '.join(unknown)} has no zip: there are")
            + f" {' '.join(PACKAGED)}"
        )
    if not (root / "uv.lock").exists() or not (root / "pyproject.toml").exists():
        raise Refused(
            say(
                f"{root} にソース一式 (pyproject.toml と uv.lock) がありません",
                f"{root} is no checkout of the shop (pyproject.toml, uv.lock): packages are made from its source",
            )
        )
    folder = out or root / "dist" / target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone_in(folder):
            return Builder(target, root, folder, tell).build(services or PACKAGED)
    except OSError as error:
        raise Refused(f"{error.filename or folder}: {error.strerror}") from error


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """While the context lasts, nobody else makes packages there; who comes second waits, and finds them made."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Builder:
    """Makes zips for one kind of machine."""

    target: Target
    root: Path
    out: Path
    tell: Callable[[str], None]

    @property
    def for_lambda(self) -> bool:
        """Whether they are for AWS, and not for the Lambda host on this machine."""
        return self.target == "aws"

    def build(self, services: Sequence[str]) -> Manifest:
        """Make what is missing or old, and write down what there is."""
        compiler = bytecode.python_of(LAMBDA_PYTHON) if self.for_lambda else sys.executable
        if compiler is None:
            self.tell(uncompiled())
        before = Manifest.read(self.out)
        manifest = self.described()
        kept = before.packages if before and (before.python, before.machine) == self.runs_on() else {}
        for number, service in enumerate(services, 1):
            made = self.one(service, compiler, kept.get(service))
            kept = {**kept, service: made}
            how = say("変更なし", "unchanged") if before and before.packages.get(service) == made else made.sha256[:12]
            self.tell(f"[{number}/{len(services)}] {made.file} {made.bytes / 1e6:.1f} MB {how}")
        manifest = replace(manifest, packages={name: kept[name] for name in PACKAGED if name in kept})
        manifest.write(self.out)
        return manifest

    def described(self) -> Manifest:
        """The manifest without its zips."""
        python, machine = self.runs_on()
        return Manifest(self.target, python, machine, commit_of(self.root))

    def runs_on(self) -> tuple[str, str]:
        """Python's version and the kind of machine."""
        if self.for_lambda:
            return LAMBDA_PYTHON, LAMBDA_MACHINE
        return "{}.{}".format(*sys.version_info[:2]), platform.machine()

    def one(self, service: str, compiler: str | None, before: Package | None) -> Package:
        """The zip of one service: the one that is there, when nothing has changed. Raises Failed."""
        wanted = wheels.requirements(self.root, service)
        made_of = self.digest(service, wanted, compiler)
        file = self.out / f"{service}.zip"
        if before and before.input == made_of and file.exists() and archive.sha256(file) == before.sha256:
            return before
        with tempfile.TemporaryDirectory(prefix=f"shop-{service}-") as place:
            content = Path(place, "content")
            wheels.install(self.root, wanted, content, for_lambda=self.for_lambda)
            self.fill(service, content, compiler)
            archive.write(content, file)
            self.check(service, file, [f"{self.root}/", place])
        return Package(
            file.name, archive.sha256(file), file.stat().st_size, handlers(service), version_of(compiler), made_of
        )

    def fill(self, service: str, content: Path, compiler: str | None) -> None:
        """Put everything but the installed packages into a folder."""
        try:
            tree.plant(service, content)
        except Incomplete as error:
            raise Failed(
                say(f"{service} の zip が不完全です", f"the zip of {service} would not run") + f": {error}"
            ) from error
        if service == "edge":
            self.check_document()
        if self.for_lambda:
            shutil.copyfile(self.collector, content / COLLECTOR)
        if compiler:
            self.compile(service, compiler, content)

    def compile(self, service: str, compiler: str, content: Path) -> None:
        """Failed when some module is none to the Python that will run it."""
        try:
            bytecode.compile_all(compiler, content)
        except subprocess.CalledProcessError as error:
            raise Failed(
                say(f"{service} をコンパイルできません (上の表示)", f"{service} could not be compiled, see above")
            ) from error

    def check_document(self) -> None:
        """Failed when the API's document, which edge serves, is not that of the services' routes as they are."""
        command = [sys.executable, "-m", "shop.local.openapi", "--check"]  # it runs their code, which is not ours to do
        source = {"PYTHONPATH": str(self.root / "src")}
        asked = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | source)
        if asked.returncode:
            raise Failed(" ".join(asked.stderr.split()[-20:]))

    @property
    def collector(self) -> Path:
        """How the collector layer is set up."""
        return self.root / "infra" / "collector" / "lambda.yaml"

    def check(self, service: str, file: Path, places: Iterable[str]) -> None:
        """Failed when the zip must not be used; then it is gone."""
        if found := checks.faults(file, service, self.runs_on()[1], places):
            file.unlink()
            raise Failed(say(f"{file.name} は使えません", f"{file.name} cannot be used") + f": {'; '.join(found[:5])}")

    def digest(self, service: str, wanted: str, compiler: str | None) -> str:
        """What stands for all that a zip is made of."""
        summed = hashlib.sha256(f"{self.runs_on()} {version_of(compiler)}\n{wanted}".encode())
        for file in self.sources(service):
            summed.update(f"{file.relative_to(self.root)}\n".encode())
            summed.update(file.read_bytes())
        return summed.hexdigest()

    def sources(self, service: str) -> Iterator[Path]:
        """Our own files that a zip may depend on; how it is made is one of them."""
        if self.for_lambda:
            yield self.collector
        yield self.root / "src" / "shop" / "__init__.py"
        for part in (*SHARED, service, "deploy/package"):
            for file in sorted((self.root / "src" / "shop" / part).rglob("*")):
                if file.is_file() and file.suffix != ".pyc":
                    yield file


def uncompiled() -> str:
    """What it means that nothing could be compiled."""
    return say(
        f"Python {LAMBDA_PYTHON} がないため、コンパイルせずに作ります "
        f"(コールドスタートのたびに CPU {COST} 秒、512 MB なら 0.7 秒ほど遅くなります)",
        f"no Python {LAMBDA_PYTHON} here: packed without bytecode, and each cold start takes {COST} s of CPU more"
        " (some 0.7 s at 512 MB)",
    )


def version_of(compiler: str | None) -> str | None:
    """Which Python an interpreter is, to the last number."""
    if compiler is None:
        return None
    asked = [compiler, "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def commit_of(root: Path) -> str:
    """The commit of the source; `+` behind it: changed since; `unknown`: no checkout of git."""
    commit = git(root, "rev-parse", "HEAD")
    return commit + ("+" if git(root, "status", "--porcelain") else "") if commit else "unknown"


def git(root: Path, *arguments: str) -> str:
    """What git says of the source; nothing where there is no git, or no repository."""
    with suppress(OSError):
        asked = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=root)  # noqa: S607
        return asked.stdout.strip() if asked.returncode == 0 else ""
    return ""
