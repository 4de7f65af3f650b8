"""The Dockerfile holds what docs/packaging.md promises of the images. There is no Docker engine here: it is read."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from shop.contracts.topology import CONTAINERS
from shop.deploy.package.build import ROOT

IMAGES = tuple(dict.fromkeys(container.service for container in CONTAINERS))


class Stage:
    """One FROM and what follows."""

    def __init__(self, base, name):
        self.base, self.name = base, name
        self.instructions: list[tuple[str, str]] = []

    def all(self, keyword):
        return [words for each, words in self.instructions if each == keyword]


def stages_of(text):
    """The stages in order, and the arguments before the first of them."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    stages: list[Stage] = []
    arguments: dict[str, str] = {}
    for line in filter(None, map(str.strip, joined.splitlines())):
        keyword, _, words = line.partition(" ")
        if keyword == "FROM":
            base, _, name = words.partition(" AS ")
            stages.append(Stage(base, name))
        elif not stages:
            assert keyword == "ARG", line
            arguments |= dict([words.split("=", 1)])
        else:
            stages[-1].instructions.append((keyword, words.strip()))
    return stages, arguments


STAGES, ARGUMENTS = stages_of((ROOT / "Dockerfile").read_text(encoding="utf-8"))
BY_NAME = {stage.name: stage for stage in STAGES}


def lineage(name):
    """The stages that an image is made of, the last first: its own and those it builds upon."""
    stage = BY_NAME[name]
    return [stage, *(lineage(stage.base) if stage.base in BY_NAME else [])]


def test_every_stage_builds_on_one_before_it_or_on_python_in_an_exact_version():
    seen = set()
    for stage in STAGES:
        if stage.base not in seen:
            assert stage.base == "${PYTHON}"
        seen.add(stage.name)
    image, _, tag = ARGUMENTS["PYTHON"].rpartition(":")
    assert re.fullmatch(r"3\.13\.\d+-slim-[a-z]+", tag)
    assert image == "public.ecr.aws/docker/library/python"  # no account, no limit of pulls


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_as_nobody_in_particular_and_writes_to_tmp_alone(image):
    users = [user for stage in lineage(image) for user in stage.all("USER")]
    assert users == ["10001:10001"]
    # Nothing is changed after the user was: what follows is his to read, and root's to write.
    after = lineage(image)[0].instructions
    assert {keyword for keyword, _ in after} <= {"COPY", "CMD"}
    assert [json.loads(words) for stage in lineage(image) for words in stage.all("VOLUME")] == [["/tmp"]]
    assert BY_NAME["run"].all("RUN")[0].endswith("&& chown shop:shop /tmp"), "Fargate's volume is root's otherwise"


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_holds_the_content_of_its_own_service(image):
    assert lineage(image)[0].all("COPY") == [f"--from={image}-content /app /app"]
    # By `sh`: whether a file can be run is lost by some ways of zipping it, unzipping it, and by Windows.
    assert BY_NAME[f"{image}-content"].all("RUN") == [f"sh scripts/image-content {image} /app"]
    assert "build" not in {stage.name for stage in lineage(image)}, "no uv and no source in what runs"


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_starts_the_api_as_the_topology_names_it_and_as_the_laptop_does(image):
    (command,) = [json.loads(words) for words in lineage(image)[0].all("CMD")]
    (api,) = [each for each in CONTAINERS if each.service == image and each.kind == "api"]
    assert command[:5] == ["python", "-m", "uvicorn", api.entry, "--factory"]
    assert command[command.index("--host") + 1 : command.index("--host") + 4] == ["0.0.0.0", "--port", "8000"]
    local = (ROOT / "src/shop/local/parts.py").read_text(encoding="utf-8")
    for option in ("--http", "--ws", "--no-proxy-headers", "--no-access-log", "--timeout-keep-alive"):
        assert option in command, option
        assert f'"{option}"' in local, option
    assert int(command[command.index("--timeout-graceful-shutdown") + 1]) < 30  # after which ECS kills


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_can_be_asked_how_it_is(image):
    (check,) = [words for stage in lineage(image) for words in stage.all("HEALTHCHECK")]
    asked = json.loads(check[check.index("[") :])
    assert asked == ["python", "-m", "shop.runtime.healthy", "http://127.0.0.1:8000/health/live"]


def test_what_is_copied_exists_and_reaches_the_builder():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert ignored[ignored.index("*") - 1].startswith("#")
    for stage in STAGES:
        for words in stage.all("COPY"):
            if not words.startswith("--from="):
                for source in shlex.split(words)[:-1]:
                    assert (ROOT / source).exists(), source
                    assert source.rstrip("/") in allowed, source
    assert allowed == {"pyproject.toml", "uv.lock", "scripts/image-content", "src/shop", "docker/certificates"}


def test_no_stage_is_given_a_secret():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    given = [words for stage in STAGES for keyword in ("ENV", "ARG") for words in stage.all(keyword)]
    for word in ("PASSWORD", "SECRET", "TOKEN", "KEY", "CREDENTIAL"):
        assert not [words for words in given if word in words.upper()]
    assert "--mount=type=secret" not in text


def test_uv_in_the_image_is_the_one_that_wrote_the_lock_file():
    (install,) = BY_NAME["build"].all("RUN")
    version = re.search(r"uv==(\d+)\.(\d+)\.\d+", install)
    assert version, "exact"
    assert (0, 9) <= (int(version[1]), int(version[2])) < (1, 0)  # as scripts/uv wants it


def test_the_build_on_aws_makes_every_image_from_what_the_project_gives_it():
    spec = yaml.safe_load((ROOT / "buildspec.yml").read_text(encoding="utf-8"))
    assert spec["version"] == 0.2
    assert spec["env"]["variables"]["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1", (
        "one image for a tag, as ECR's rule counts"
    )
    commands = "\n".join(each for phase in spec["phases"].values() for each in phase["commands"])
    assert re.search(r'docker build .*--target "\$service" --tag "\$image" \.', commands)
    assert "linux/arm64" in commands
    assert set(re.findall(r"\$\{?([A-Z_]+)", commands)) == {"REGISTRY", "SERVICES", "TAG", "AWS_REGION"}
    assert "docker/certificates/rds.pem" in commands
    assert not Path(ROOT / "docker/certificates/rds.pem").exists(), "it comes from AWS, for the region"
