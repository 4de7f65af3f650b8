"""Who tries the shop: a customer and an admin of its own, made for this and removed after it.

The code that registration mails goes to an address of SES's mailbox simulator, which takes every mail, also in the
sandbox, and which nobody can read. So the operator's rights are used: the code's item in the users' table gets the
digest of a code that is known here, and that one is sent to the API as any customer would.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from shop.deploy.aws.smoke.places import Place
from shop.deploy.aws.smoke.visitor import Visitor

__all__ = ["Person", "digest", "register", "remove"]

CODE = "246810"


@dataclass(frozen=True, slots=True)
class Person:
    """An account, signed in."""

    id: str
    email: str
    visitor: Visitor


def register(place: Place, kind: str, *, group: str | None = None) -> Person:
    """Register, confirm and sign in. Raises Unexpected."""
    email = f"success+{kind}-{secrets.token_hex(6)}@simulator.amazonses.com"
    password = f"Aa1{secrets.token_urlsafe(18)}"
    visitor = Visitor(place.url)
    body = {"email": email, "password": password, "name": "スモークテスト", "locale": "en"}
    user = visitor.must(201, "POST", "/users", body).json["id"]
    know_code(place, email)
    visitor.must(200, "POST", "/users/confirm", {"email": email, "code": CODE})
    if group:
        place.client("cognito-idp").admin_add_user_to_group(UserPoolId=place.pool, Username=email, GroupName=group)
    told = visitor.must(200, "POST", "/auth/login", {"email": email, "password": password}).json
    visitor.token = told["accessToken"]
    return Person(user, email, visitor)


def know_code(place: Place, email: str) -> None:
    """From now on the code of this registration is the one that is known here; only where one was issued."""
    salt = secrets.token_hex(16)
    place.client("dynamodb").update_item(
        TableName=place.table,
        Key={"pk": {"S": f"EMAIL#{hashlib.sha256(email.lower().encode()).hexdigest()}"}, "sk": {"S": "CODE#CONFIRM"}},
        UpdateExpression="SET salt = :salt, digest = :digest",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":salt": {"S": salt}, ":digest": {"S": digest(salt, CODE)}},
    )


def digest(salt: str, digits: str) -> str:
    """What users keeps of a code; a test holds this against it."""
    return hmac.new(bytes.fromhex(salt), digits.encode(), hashlib.sha256).hexdigest()


def remove(place: Place, person: Person) -> None:
    """Nobody can sign in as this person any more."""
    place.client("cognito-idp").admin_delete_user(UserPoolId=place.pool, Username=person.email)
