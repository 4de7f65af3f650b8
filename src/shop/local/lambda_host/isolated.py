"""An environment that runs from a package: nothing of this checkout, nor of what is installed here, can be imported.

`python -S -P isolated.py <lifeline> <name>`: the standard library, then LAMBDA_TASK_ROOT and LAMBDA_RUNTIME_DIR.
"""

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def loaded(name: str, file: Path) -> Any:
    """A module of the host by its file: its package is not to be found here."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None  # noqa: S101 - of a file that is there
    assert spec.loader is not None  # noqa: S101 - likewise
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main(lifeline: int) -> None:
    """End with the host, and serve invocations until then."""
    loaded("lifeline", HERE.parent / "child.py").die_with_parent(lifeline, 0)
    sys.path += [os.environ["LAMBDA_TASK_ROOT"], os.environ["LAMBDA_RUNTIME_DIR"]]
    loaded("bootstrap", HERE / "bootstrap.py").main()


if __name__ == "__main__":
    main(int(sys.argv[1]))
