"""What to do about the reasons that CloudFormation gives, where experience has an answer."""

import re

from shop.local.language import say

__all__ = ["advice"]

ADVICE: tuple[tuple[str, str, str], ...] = (
    (
        r"already exists",
        "同じ名前のものがあります。別のデプロイの残りなら `shop aws destroy` で消すか、--name を変えてください",
        "something of this name is there: `shop aws destroy` removes what is left over; else choose another --name",
    ),
    (
        r"No export named (shop-class|.*shop-class)",
        "先に `shop aws class-setup` を実行してください (アカウントとリージョンに一度)",
        "run `shop aws class-setup` first, once for the account and region",
    ),
    (
        r"limit|quota|Limit|maximum number|MaxDBInstances|InsufficientFreeAddresses",
        "クォータが足りません。`shop aws doctor` が足りないものと申請先を示します",
        "a quota is too low: `shop aws doctor` says which, and where to ask for more",
    ),
    (
        r"not authorized|AccessDenied|is not allowed to|UnauthorizedOperation|explicit deny",
        "権限がありません。docs/aws/class.ja.md のポリシーを確認してください",
        "not allowed: look at the policy in docs/aws/class.md",
    ),
    (
        r"PromQL|EvaluationCriteria|TransactionSearch|not supported in this region|Unrecognized resource type",
        "このリージョンにはまだない機能です。--region ap-northeast-1 で試してください",
        "this region does not have it yet: try --region ap-northeast-1",
    ),
    (
        r"circuit breaker|ECS Deployment|failed to stabilize|did not stabilize",
        "コンテナが起動しませんでした。ロググループ /shop/<名前>/catalog, orders, databases を見てください",
        "containers did not start: look at the log groups /shop/<name>/catalog, orders and databases",
    ),
    (
        r"service linked role|service-linked role",
        "初めて使うサービスの役割が作られたところです。もう一度実行してください",
        "AWS has just made the service's role, for the first time in this account: run it again",
    ),
)


def advice(reason: str) -> str:
    """A line that says what to do, or nothing."""
    for pattern, ja, en in ADVICE:
        if re.search(pattern, reason):
            return f"\n  -> {say(ja, en)}"
    return ""
