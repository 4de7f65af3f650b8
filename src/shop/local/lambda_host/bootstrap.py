"""What runs in an environment's process: AWS's runtime client, or our own where there is no wheel of it."""

import os

__all__ = ["main"]


def main() -> None:
    """Serve invocations of `_HANDLER` for ever."""
    handler, address = os.environ["_HANDLER"], os.environ["AWS_LAMBDA_RUNTIME_API"]
    try:
        # Imported only here: it reads its endpoint and log format from the environment of this very function.
        from awslambdaric import bootstrap  # noqa: PLC0415
        from awslambdaric.lambda_runtime_client import LambdaRuntimeClient  # noqa: PLC0415
    except ImportError:
        from shop.local.lambda_host import shim  # noqa: PLC0415 - only where the wheel is missing

        shim.run(handler, address)
    else:
        bootstrap.run(handler, LambdaRuntimeClient(address))


if __name__ == "__main__":
    main()
