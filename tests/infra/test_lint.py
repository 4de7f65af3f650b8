"""CloudFormation's own rules, as cfn-lint knows them, for the region that we teach in."""

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

IGNORED = {
    "I1022": "CDK writes Fn::Join where people would write Fn::Sub",
    "W3005": "CDK waits for a role's policy, and for the role, which the policy implies",
}


@pytest.fixture(scope="session")
def matches(assembly):
    config = ManualArgs(regions=["ap-northeast-1"], include_checks=["I"])
    return [
        (match.rule.id, f"{file.name}: {match.message} {'/'.join(map(str, match.path or []))}")
        for file in sorted(assembly.glob("*.template.json"))
        for match in lint(file.read_text(), config=config)
    ]


def test_cfn_lint_finds_nothing(matches):
    assert [match for match in matches if match[0] not in IGNORED] == []


def test_every_rule_that_is_ignored_would_find_something(matches):
    assert set(IGNORED) <= {rule for rule, _ in matches}
