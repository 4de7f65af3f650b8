"""What can go wrong, as types. Each is raised where it is known and translated once, in `runtime.http`.

Problem                      an answer of the HTTP contract (status, code)
|- MalformedRequest          400  cannot be parsed
|  `- PageTokenInvalid       400
|- Unauthenticated           401  no or bad token
|- Forbidden                 403  not yours
|- RouteNotFound             404
|- NotFound                  404  each service names its own: ProductNotFound, ...
|- MethodNotAllowed          405
|- VersionMismatch           412
|- PayloadTooLarge           413
|- UnsupportedMediaType      415
|- ValidationFailed          422  errors: [{field, message}]
|- RateLimited               429  Retry-After
|- DependencyUnavailable     503  Retry-After
`- DependencyTimeout         504
Unprocessable                a message that can never succeed: dead-lettered at once
SettingsError                a process that cannot start: names every setting that is missing or wrong
"""

from typing import Any, ClassVar

__all__ = [
    "DependencyTimeout",
    "DependencyUnavailable",
    "Forbidden",
    "MalformedRequest",
    "MethodNotAllowed",
    "NotFound",
    "PageTokenInvalid",
    "PayloadTooLarge",
    "Problem",
    "RateLimited",
    "RouteNotFound",
    "SettingsError",
    "Unauthenticated",
    "Unprocessable",
    "UnsupportedMediaType",
    "ValidationFailed",
    "VersionMismatch",
]


class Problem(Exception):
    """Something the client is told as problem+json. The docstring is the detail unless one is given."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    title: ClassVar[dict[str, str]] = {"ja": "内部エラー", "en": "Internal error"}

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after: int | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        self.extra = extra
        super().__init__(self.detail)


class MalformedRequest(Problem):
    """The request cannot be parsed."""

    status, code = 400, "MALFORMED_REQUEST"
    title: ClassVar[dict[str, str]] = {"ja": "リクエストを解釈できません", "en": "Malformed request"}


class PageTokenInvalid(MalformedRequest):
    """This nextToken is forged, stale, or of another path, filter or sort."""

    code = "PAGE_TOKEN_INVALID"
    title: ClassVar[dict[str, str]] = {"ja": "ページトークンが無効です", "en": "Invalid page token"}


class Unauthenticated(Problem):
    """A valid access token is needed: send Authorization: Bearer <accessToken> from POST /auth/login."""

    status, code = 401, "UNAUTHENTICATED"
    title: ClassVar[dict[str, str]] = {"ja": "認証が必要です", "en": "Authentication required"}

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"}, **extra)


class Forbidden(Problem):
    """The token is valid, but this is not for its owner."""

    status, code = 403, "FORBIDDEN"
    title: ClassVar[dict[str, str]] = {"ja": "権限がありません", "en": "Forbidden"}


class RouteNotFound(Problem):
    """No resource has this path. GET /docs lists all of them."""

    status, code = 404, "ROUTE_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "パスが存在しません", "en": "No such path"}


class NotFound(Problem):
    """There is no such resource."""

    status, code = 404, "NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "見つかりません", "en": "Not found"}


class MethodNotAllowed(Problem):
    """The path exists, but not with this method; the Allow header names those it has."""

    status, code = 405, "METHOD_NOT_ALLOWED"
    title: ClassVar[dict[str, str]] = {"ja": "許可されていないメソッドです", "en": "Method not allowed"}


class VersionMismatch(Problem):
    """The resource has changed since the version in If-Match: read it again."""

    status, code = 412, "VERSION_MISMATCH"
    title: ClassVar[dict[str, str]] = {"ja": "バージョンが一致しません", "en": "Version mismatch"}


class PayloadTooLarge(Problem):
    """The body is over 256 KB."""

    status, code = 413, "PAYLOAD_TOO_LARGE"
    title: ClassVar[dict[str, str]] = {"ja": "本文が大きすぎます", "en": "Payload too large"}


class UnsupportedMediaType(Problem):
    """The body must be JSON: send Content-Type: application/json."""

    status, code = 415, "UNSUPPORTED_MEDIA_TYPE"
    title: ClassVar[dict[str, str]] = {"ja": "対応していないメディアタイプです", "en": "Unsupported media type"}


class ValidationFailed(Problem):
    """The request was understood, but its values are not acceptable; `errors` names each field."""

    status, code = 422, "VALIDATION_FAILED"
    title: ClassVar[dict[str, str]] = {"ja": "入力内容に誤りがあります", "en": "Validation failed"}

    def __init__(self, *errors: tuple[str, str], detail: str | None = None, **extra: Any) -> None:
        super().__init__(detail, errors=[{"field": field, "message": message} for field, message in errors], **extra)


class RateLimited(Problem):
    """Too many requests: wait as long as Retry-After says."""

    status, code = 429, "RATE_LIMITED"
    title: ClassVar[dict[str, str]] = {"ja": "リクエストが多すぎます", "en": "Too many requests"}

    def __init__(self, detail: str | None = None, *, retry_after: int = 1, **extra: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **extra)


class DependencyUnavailable(Problem):
    """Something this answer needs is down: try again after Retry-After seconds."""

    status, code = 503, "DEPENDENCY_UNAVAILABLE"
    title: ClassVar[dict[str, str]] = {"ja": "依存サービスが利用できません", "en": "Dependency unavailable"}

    def __init__(self, detail: str | None = None, *, retry_after: int = 1, **extra: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **extra)


class DependencyTimeout(Problem):
    """Something this answer needs did not answer in time."""

    status, code = 504, "DEPENDENCY_TIMEOUT"
    title: ClassVar[dict[str, str]] = {"ja": "依存サービスが時間内に応答しませんでした", "en": "Dependency timed out"}


class Unprocessable(Exception):
    """A message that can never succeed; `reason` goes with it to the dead-letter queue."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class SettingsError(Exception):
    """The settings are not complete or not sound; the message names every one of them."""
