"""What cdk-nag finds is mended, or accepted for a reason that stands next to the resource."""

import json

import pytest

RULES = "aws:cdk:acknowledged-rules"


@pytest.fixture(scope="session")
def report(assembly):
    reports = json.loads((assembly / "validation-report.json").read_text())["pluginReports"]
    return next(one for one in reports if one["pluginName"] == "AwsSolutions")


@pytest.fixture(scope="session")
def accepted(assembly):
    """(construct, finding) -> reason."""
    return {
        (construct.lstrip("/"), finding): reason
        for file in assembly.glob("*.metadata.json")
        for construct, entries in json.loads(file.read_text()).items()
        for entry in entries
        if entry["type"] == RULES
        for finding, reason in entry["data"].items()
        if finding.startswith("AwsSolutions::")
    }


def test_nothing_is_found_that_nobody_has_accepted(report):
    assert report["violations"] == []


def test_everything_accepted_has_a_reason(accepted):
    assert len(accepted) > 5
    assert [found for found, reason in accepted.items() if len(reason.split()) < 4] == []


def test_nothing_is_accepted_that_is_not_found(accepted, report):
    needed = {(one["acknowledgedAt"], one["acknowledgedId"]) for one in report["suppressedViolations"]}

    assert set(accepted) == needed
