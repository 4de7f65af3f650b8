"""The templates as the emulator can take them: AWS's own CloudFormation knows more types than it does."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shop.local.emulator import Emulator
from shop.local.ports import free_port

UNKNOWN = {  # types that the emulator refuses a template for
    "AWS::ApiGatewayV2::VpcLink",
    "AWS::ApplicationSignals::Discovery",
    "AWS::Budgets::Budget",
    "AWS::EC2::FlowLog",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::Events::Archive",
    "AWS::Logs::QueryDefinition",
    "AWS::XRay::TransactionSearchConfig",
}
CIDR = re.compile(r'\{"Fn::GetAtt": \["[A-Za-z0-9]+", "CidrBlock"\]\}')


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """The address of an emulator with all of its services."""
    one = Emulator(folder, free_port(), remembers=False)
    one.prepare()
    # It judges no policies: it would refuse every queue that denies what comes without TLS, which it does not speak.
    settings = {name: value for name, value in one.environment().items() if name != "SERVICES"} | {"AUTH": "false"}
    ends, held = os.pipe()
    process = subprocess.Popen(one.command(ends), env=settings, pass_fds=(ends,))
    try:
        limit = time.monotonic() + 60
        while not one.is_ready():
            assert process.poll() is None, "the emulator has ended"
            assert time.monotonic() < limit, "the emulator does not start"
            time.sleep(0.05)
        yield one.access.endpoint
    finally:
        os.close(held)
        os.close(ends)
        process.terminate()
        process.wait(30)


def adapted(assembly: Path, out: Path) -> Path:
    """A copy of an assembly without what the emulator does not know, and without references to that."""
    shutil.copytree(assembly, out)
    for file in out.glob("*.template.json"):
        template = json.loads(file.read_text())
        gone = {
            name
            for name, one in template["Resources"].items()
            if one["Type"] in UNKNOWN or "EvaluationCriteria" in one.get("Properties", {})
        }
        template["Resources"] = {name: one for name, one in template["Resources"].items() if name not in gone}
        for one in template["Resources"].values():
            if "DependsOn" in one:
                before = [one["DependsOn"]] if isinstance(one["DependsOn"], str) else one["DependsOn"]
                one["DependsOn"] = [name for name in before if name not in gone]
        text = CIDR.sub('"10.42.0.0/16"', json.dumps(template))
        for name in gone:
            text = text.replace(json.dumps({"Ref": name}), json.dumps("gone"))
        file.write_text(text)
    return out
