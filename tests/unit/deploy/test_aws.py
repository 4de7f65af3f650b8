"""What the commands for AWS say when something is not as it should be, and how they ask CloudWatch."""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import boto3
import pytest
from botocore import exceptions as aws
from botocore.stub import Stubber

from shop.deploy.aws import classroom, doctor, leftovers
from shop.deploy.aws.account import AwsAccount, plainly
from shop.deploy.aws.advice import ADVICE, advice
from shop.deploy.aws.smoke.places import Telemetry
from shop.local.errors import Failed, Refused

SHOP = [sys.executable, "-m", "shop.cli", "aws"]
COMMANDS = ("doctor", "synth", "deploy", "smoke", "seed", "cost", "destroy", "class-setup")


def run(*typed, **settings):
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}
    environment |= {"LC_ALL": "C.UTF-8", **settings}
    return subprocess.run([*SHOP, *typed], env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def account(monkeypatch):
    """An account that nobody reaches: its clients are stubbed."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return AwsAccount(
        boto3.Session(region_name="ap-northeast-1"), "123456789012", "arn:aws:iam::123456789012:user/taro"
    )


def refused(code, operation="DescribeStacks"):
    return aws.ClientError({"Error": {"Code": code, "Message": "told"}}, operation)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (aws.NoCredentialsError(), Refused, "aws configure sso"),
        (aws.ProfileNotFound(profile="nobody"), Refused, "nobody"),
        (aws.UnauthorizedSSOTokenError(), Refused, "aws sso login --profile class"),
        (aws.SSOTokenLoadError(error_msg="old"), Refused, "aws sso login --profile class"),
        (refused("ExpiredToken"), Refused, "aws sso login"),
        (refused("InvalidClientTokenId"), Refused, "aws sso login"),
        (refused("AccessDenied"), Failed, "docs/aws/class"),
        (refused("UnauthorizedOperation"), Failed, "docs/aws/class"),
        (refused("Throttling"), Failed, "DescribeStacks"),
        (refused("SomethingNew"), Failed, "SomethingNew: DescribeStacks: told"),
        (aws.EndpointConnectionError(endpoint_url="https://sts.example"), Failed, "sts.example"),
    ],
)
def test_what_aws_refuses_is_told_with_what_to_do(error, kind, words):
    with pytest.raises(kind, match=words), plainly("class"):
        raise error


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("shop-taro-orders-events already exists in stack arn:...", "shop aws destroy"),
        ("No export named shop-class-vpc found.", "class-setup"),
        ("You have reached the limit of VPC links", "doctor"),
        ("User: arn:... is not authorized to perform: iam:CreateRole", "class"),
        ("ECS Deployment Circuit Breaker was triggered.", "/shop/"),
        (
            'Resource handler returned message: "Unrecognized resource types: [AWS::XRay::TransactionSearchConfig]"',
            "--region",
        ),
    ],
)
def test_reasons_of_cloudformation_are_followed_by_advice(reason, words):
    assert words in advice(reason)


def test_a_reason_that_is_not_known_stands_alone():
    assert advice("Internal failure") == ""
    assert all(ja and en for _, ja, en in ADVICE)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("language", ["C.UTF-8", "ja_JP.UTF-8"])
def test_every_command_has_help_in_both_languages(command, language):
    told = run(command, "--help", LC_ALL=language)

    assert told.returncode == 0, told.stderr
    assert any("぀" <= letter <= "ヿ" for letter in told.stdout) == language.startswith("ja")


@pytest.mark.parametrize("command", ["doctor", "deploy", "smoke", "class-setup"])
def test_without_credentials_a_command_is_refused_with_one_line(command):
    told = run(command, *(["--name", "taro"] if command in {"deploy", "smoke"} else []))

    assert told.returncode == 2, told.stdout + told.stderr
    assert "aws configure sso" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("name", ["Taro", "taro_yamada", "a-name-too-long", "-taro"])
def test_a_name_that_cannot_be_is_refused(name):
    told = run("deploy", f"--name={name}")

    assert told.returncode == 2
    assert name in told.stderr


def test_destroying_asks_and_without_a_terminal_it_is_refused():
    told = run("destroy", "--name", "taro")

    assert told.returncode == 2
    assert "--yes" in told.stderr


def test_smoke_without_a_running_shop_is_refused(tmp_path):
    told = run("smoke", "--data", str(tmp_path / "none"))

    assert told.returncode == 2
    assert "Traceback" not in told.stderr


def test_a_known_code_is_kept_as_users_keeps_its_own():
    from shop.deploy.aws.smoke.people import CODE, digest
    from shop.users import model

    salt = "00ff" * 8
    assert model.Code(salt=salt, digest=digest(salt, CODE)).fits(CODE)


@pytest.fixture
def prometheus():
    """Somebody who answers as CloudWatch's Prometheus API, and notes what he was asked."""
    asked = []

    class Answers(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            asked.append((self.path, dict(self.headers), parse_qs(body)))
            told = {
                "status": "success",
                "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "3"]}]},
            }
            answer = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def test_promql_is_asked_of_cloudwatch_with_a_signature(account, prometheus, monkeypatch):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-PromQL-API-QueryMetrics.html"""
    address, asked = prometheus
    assert account.client("cloudwatch").meta.endpoint_url == "https://monitoring.ap-northeast-1.amazonaws.com"
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", address)
    reached = AwsAccount(boto3.Session(region_name="ap-northeast-1"), account.id, account.arn)
    query = 'sum({"shop.orders.transitions"})'

    assert Telemetry(reached, "taro").value(query) == 3

    ((path, headers, body),) = asked
    assert path == "/api/v1/query"
    assert body == {"query": [query]}
    assert "/ap-northeast-1/monitoring/aws4_request" in headers["Authorization"]


def test_spans_are_counted_by_logs_insights(account):
    with Stubber(account.client("logs")) as stub:
        stub.add_response("start_query", {"queryId": "one"})
        stub.add_response("get_query_results", {"status": "Running", "results": []})
        stub.add_response("get_query_results", {"status": "Complete", "results": [[{"field": "spans", "value": "54"}]]})
        assert Telemetry(account, "taro").spans("0af7651916cd43dd8448eb211c80319c") == 54
        stub.assert_no_pending_responses()


def test_roles_of_services_are_made_before_anything_needs_them_and_may_be_there_already(account):
    with Stubber(account.client("iam")) as stub:
        for service in classroom.LINKED:
            if service == "rds":
                role = {
                    "Path": "/",
                    "RoleName": "r",
                    "RoleId": "A" * 16,
                    "Arn": "a" * 20,
                    "CreateDate": datetime.now(UTC),
                }
                stub.add_response("create_service_linked_role", {"Role": role}, {"AWSServiceName": "rds.amazonaws.com"})
            else:
                stub.add_client_error("create_service_linked_role", "InvalidInput", "has been taken in this account")

        assert classroom.link_roles(account, pause=0) == ["rds"]
        stub.assert_no_pending_responses()


def test_a_role_that_may_not_be_made_is_no_role_that_is_there(account):
    with Stubber(account.client("iam")) as stub:
        stub.add_client_error("create_service_linked_role", "AccessDenied")

        with pytest.raises(aws.ClientError):
            classroom.link_roles(account, pause=0)


@pytest.mark.parametrize(("destination", "on"), [("CloudWatchLogs", True), ("XRay", False)])
def test_transaction_search_is_found_by_where_spans_go(account, destination, on):
    """https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSegmentDestination.html"""
    with Stubber(account.client("xray")) as stub:
        stub.add_response("get_trace_segment_destination", {"Destination": destination, "Status": "ACTIVE"})
        assert classroom.searches(account) is on


def test_a_new_accounts_ten_functions_at_once_are_too_few(account):
    quota = next(one for one in doctor.QUOTAS if one.service == "lambda")
    with Stubber(account.client("lambda")) as stub:
        stub.add_response("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 10}})
        finding = doctor.enough(account, quota, 1)

    assert "servicequotas" in finding.advice
    assert "10" in finding.seen


def test_a_quota_is_looked_up_by_its_name_and_judged_for_the_class(account):
    quota = next(one for one in doctor.QUOTAS if one.service == "apigateway")
    answer = {"Quotas": [{"QuotaName": "Other", "Value": 1.0}, {"QuotaName": "VPC links (V2)", "Value": 10.0}]}
    for students, well in ((10, True), (30, False)):
        with Stubber(account.client("service-quotas")) as stub:
            stub.add_response("list_service_quotas", answer, {"ServiceCode": "apigateway"})
            assert (doctor.enough(account, quota, students).advice == "") is well


def test_what_aws_will_not_tell_is_a_finding_too():
    def denied():
        raise refused("AccessDeniedException", "GetAccount")

    finding = doctor.guarded("SES", denied)

    assert finding.subject == "SES"
    assert "AccessDeniedException" in finding.advice


def test_backups_that_outlive_their_database_are_found_and_removed(account):
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstanceAutomatedBackups.html"""
    kept = [{"DbiResourceId": "db-1", "Status": "retained"}, {"DbiResourceId": "db-2", "Status": "active"}]
    with Stubber(account.client("rds")) as stub:
        stub.add_response("describe_db_instance_automated_backups", {"DBInstanceAutomatedBackups": kept})
        stub.add_client_error("delete_db_instance_automated_backup", "DBInstanceAutomatedBackupNotFound")
        (found,) = leftovers.backups(account, "taro")
        found.go()  # another run was faster
        stub.assert_no_pending_responses()
    assert found.name == "db-1"


def test_where_nobody_may_look_something_may_be_left(account, monkeypatch):
    def secrets(account, name):
        raise refused("AccessDeniedException", "ListSecrets")

    monkeypatch.setattr(leftovers, "LOOKS", [secrets])

    (found,) = leftovers.found(account, "taro")

    assert found.kind == "secrets"
    assert "AccessDeniedException" in found.name
    found.go()
