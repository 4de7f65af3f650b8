"""Deploying, changing, going on, and taking away: the commands' own code against the emulator's CloudFormation."""

import io
import itertools
import json
import secrets

import pytest
from rich.console import Console
from tests.infra.conftest import LONGEST
from tests.infra.emulated import adapted, emulator

from shop.deploy.aws import deploy as deploying
from shop.deploy.aws import destroy as away
from shop.deploy.aws import images, leftovers, stacks
from shop.deploy.aws.account import AwsAccount
from shop.deploy.aws.assembly import CLASS, Stack
from shop.deploy.aws.assembly import stacks as read
from shop.deploy.aws.progress import Screen
from shop.local.errors import Failed, Refused

NAME = LONGEST
numbers = itertools.count(1)


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    with emulator(tmp_path_factory.mktemp("emulator")) as address:
        yield address


@pytest.fixture(scope="session")
def emulated(assembly, tmp_path_factory):
    return adapted(assembly, tmp_path_factory.mktemp("adapted") / "cdk.out")


@pytest.fixture
def account(endpoint, monkeypatch):
    """An account of one's own, at a quick emulator."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"{7_000_000_000_00 + next(numbers) + secrets.randbelow(10**8):012}"[:12])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setattr(stacks, "PAUSE", 0.05)
    monkeypatch.setattr(images, "PAUSE", 0.05)
    # It knows nothing of backups.
    monkeypatch.setattr(leftovers, "LOOKS", [look for look in leftovers.LOOKS if look is not leftovers.backups])
    return AwsAccount.reach("ap-northeast-1", None)


@pytest.fixture
def screen():
    return Screen(Console(file=io.StringIO(), width=200))


def shown(screen):
    return screen.console.file.getvalue()


@pytest.fixture
def classroom(account, screen, emulated):
    shared = next(stack for stack in read(emulated) if stack.name == CLASS)
    return stacks.apply(account, screen, shared, None)


def test_a_whole_deployment_is_made_left_alone_and_taken_away_without_a_trace(account, screen, classroom, emulated):
    deploying.bring_up(account, screen, NAME, emulated, "tag1")
    made = shown(screen)
    assert all(f"{NAME}-{part}" in made for part in ("images", "messaging", "data", "functions", "services", "edge"))
    assert deploying.told(account, NAME)["url"].startswith("https://")

    deploying.bring_up(account, screen, NAME, emulated, "tag1")
    assert shown(screen)[len(made) :].count("unchanged") == len(read(emulated)) - 1

    picture = f"shop-{NAME}-images-{account.id}-{account.region}"
    account.client("s3").put_object(Bucket=picture, Key="uploads/one", Body=b"picture")
    account.client("s3").create_bucket(
        Bucket=f"shop-{NAME}-forgotten-{account.id}-{account.region}",
        CreateBucketConfiguration={"LocationConstraint": account.region},
    )
    account.client("logs").create_log_group(logGroupName=f"/aws/lambda/shop-{NAME}-forgotten")
    with pytest.raises(Refused, match=NAME):
        away.destroy_class(account, screen)

    assert away.destroy(account, screen, NAME, pause=0, patience=0) == []
    assert away.standing(account, NAME) == []
    assert list(leftovers.found(account, NAME)) == []
    assert away.destroy_class(account, screen, pause=0) == []
    assert stacks.find(account, CLASS) is None


def test_a_stack_whose_first_creation_failed_is_removed_and_made_anew(account, screen, classroom, emulated, tmp_path):
    good = next(stack for stack in read(emulated) if stack.name.endswith("-identity"))
    template = good.template
    template["Outputs"]["Wrong"] = {"Value": {"Fn::ImportValue": "shop-class-nothing"}}
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(template))

    with pytest.raises(Failed) as failure:
        stacks.apply(account, screen, Stack(good.name, bad, good.tags, ()), None)
    assert "shop-class-nothing" in str(failure.value)

    assert stacks.apply(account, screen, good, None).status == "CREATE_COMPLETE"


def test_what_somebody_else_has_deployed_is_not_touched(account, screen, classroom, emulated, endpoint, monkeypatch):
    first = next(stack for stack in read(emulated) if stack.name.endswith("-images"))
    theirs = Stack(first.name, first.file, first.tags | {deploying.OWNER: "another"}, ())
    stacks.apply(account, screen, theirs, None)

    with pytest.raises(Refused, match=NAME):
        deploying.ours(account, NAME, take_over=False)
    deploying.ours(account, NAME, take_over=True)


def test_without_the_class_a_deployment_says_what_to_do_first(account):
    from shop.deploy.aws.classroom import needed

    with pytest.raises(Refused, match="class-setup"):
        needed(account)


def test_what_cannot_be_removed_is_listed_with_its_reason(account, screen, classroom, emulated):
    first = next(stack for stack in read(emulated) if stack.name.endswith("-messaging"))
    stacks.apply(account, screen, first, None)
    user = next(stack for stack in read(emulated) if stack.name.endswith("-data"))
    stacks.apply(account, screen, user, None)
    messaging = stacks.find(account, first.name)
    assert messaging is not None

    failed = stacks.delete(account, screen, messaging)

    assert failed
    assert user.name in str(failed) or "Export" in str(failed)
    assert away.destroy(account, screen, NAME, pause=0, patience=0) == []


def test_images_are_built_once_for_a_source(account, screen, classroom, emulated, tmp_path):
    made = stacks.apply(account, screen, next(s for s in read(emulated) if s.name.endswith("-images")), None)
    from shop.deploy.package.build import ROOT

    given = account, screen, NAME, made.outputs["SourceBucket"], made.outputs["BuildProject"], ROOT
    images.build(*given, "tag1")
    begun = account.client("codebuild").list_builds_for_project(projectName=made.outputs["BuildProject"])["ids"]
    assert len(begun) == 1
    stored = account.client("s3").get_object(Bucket=made.outputs["SourceBucket"], Key="source.zip")["Body"].read()
    assert stored == images.archive(ROOT)

    manifest = json.dumps({"schemaVersion": 2, "config": {}, "layers": []})
    for service in images.SERVICES:
        account.client("ecr").put_image(
            repositoryName=f"shop-{NAME}/{service}", imageManifest=manifest, imageTag="tag1"
        )
    images.build(*given, "tag1")
    assert account.client("codebuild").list_builds_for_project(projectName=made.outputs["BuildProject"])["ids"] == begun
    assert away.destroy(account, screen, NAME, pause=0, patience=0) == []


def test_the_source_of_images_is_the_dockerfiles_and_its_hash_changes_with_any_of_it(tmp_path):
    from shop.deploy.package.build import ROOT

    names = [name for name, _ in images.source(ROOT)]
    assert {"Dockerfile", "buildspec.yml", "uv.lock", "src/shop/catalog/app.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.startswith((".shop", ".git/", "dist"))]

    for name, file in images.source(ROOT):
        if name in {"Dockerfile", "scripts/image-content", "src/shop/__init__.py"} or name in images.ROOTS:
            place = tmp_path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
    before = images.tag_of(tmp_path)
    assert images.tag_of(tmp_path) == before
    (tmp_path / "src/shop/__init__.py").write_text("changed")
    assert images.tag_of(tmp_path) != before
