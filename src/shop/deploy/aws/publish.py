"""What CloudFormation reads from S3: templates and zips, each once, under the hash of its content."""

from collections.abc import Iterable

from botocore import exceptions as aws

from shop.deploy.aws.account import AwsAccount, code_of
from shop.deploy.aws.assembly import CLASS, Asset, Stack
from shop.deploy.aws.progress import Screen
from shop.local.language import say

__all__ = ["bucket_of", "publish"]


def bucket_of(account: AwsAccount) -> str:
    """The class stack's bucket, as infra/stacks/classroom.py names it."""
    return f"{CLASS}-assets-{account.id}-{account.region}"


def publish(account: AwsAccount, screen: Screen, stacks: Iterable[Stack], assets: Iterable[Asset]) -> int:
    """Put what is missing; how many files that were."""
    wanted = [(bucket_of(account), stack.key, stack.file) for stack in stacks]
    wanted += [(account.substituted(asset.bucket), asset.key, asset.file) for asset in assets]
    client = account.client("s3")
    put = 0
    with screen.line("files") as line:
        for number, (bucket, key, file) in enumerate(wanted):
            line.at(number, len(wanted), file.name[:40])
            if not is_there(account, bucket, key):
                client.upload_file(str(file), bucket, key)
                put += 1
        line.done(say(f"{len(wanted)} 件中 {put} 件を S3 に送りました", f"{put} of {len(wanted)} sent to S3"))
    return put


def is_there(account: AwsAccount, bucket: str, key: str) -> bool:
    """Whether S3 has it; its name is its content's hash, so that what is there is right."""
    try:
        account.client("s3").head_object(Bucket=bucket, Key=key)
    except aws.ClientError as error:
        if code_of(error) in {"404", "NoSuchKey", "NotFound"}:
            return False
        raise
    return True
