"""The user pool: who knows which password, who is in which group, and the tokens that say so."""

import base64
import hashlib
import hmac
from typing import Any

import msgspec

from shop.kernel.errors import Unauthenticated, ValidationFailed
from shop.runtime.aws import Aws, AwsError
from shop.users.model import CredentialsInvalid, Group

__all__ = ["Pool", "Registered", "Tokens"]

REFUSED = frozenset({"NotAuthorizedException", "UserNotFoundException"})
# What a login hears beside: of what was never completed here, or was begun by hand in the pool. No password opens that.
CLOSED = frozenset({"UserNotConfirmedException", "PasswordResetRequiredException", "InvalidParameterException"})
MEMBERS = 60  # of one page, the most that Cognito gives


class Registered(Exception):
    """The pool has a user with this mail address already."""


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a login brings. `refresh_token` is missing in the answer to a refresh: the old one stays good."""

    access_token: str
    id_token: str
    expires_in: int
    refresh_token: str | None = None

    @property
    def user_id(self) -> str:
        """The token's subject."""
        return str(claims_of(self.access_token)["sub"])

    @property
    def session_id(self) -> str:
        """What all tokens of one login have in common."""
        return str(claims_of(self.access_token)["origin_jti"])


def claims_of(token: str) -> dict[str, Any]:
    """What a token says. Its signature is not checked: it comes from Cognito itself, a moment ago."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


class Pool:
    """The shop's user pool, through its client with a secret. Users are named by `sub`, or by their mail address."""

    def __init__(self, aws: Aws, pool_id: str, client_id: str, client_secret: str) -> None:
        self._aws, self._pool_id = aws, pool_id
        self._client_id, self._secret = client_id, client_secret

    async def register(self, email: str, password: str) -> str:
        """Make a user who may log in, a customer; the `sub`. Raises Registered, ValidationFailed."""
        try:
            answer = await self._call(
                "SignUp",
                ClientId=self._client_id,
                SecretHash=self._hash(email),
                Username=email,
                Password=password,
                UserAttributes=[{"Name": "email", "Value": email}],
            )
        except AwsError as error:
            raise refusal(error) from error
        user_id: str = answer["UserSub"]
        # Cognito says that a user is not confirmed even to a wrong password; so it never hears of that: our table does.
        await self._admin("AdminConfirmSignUp", user_id)
        await self._admin("AdminAddUserToGroup", user_id, GroupName="customer")
        return user_id

    async def login(self, email: str, password: str) -> Tokens:
        """Tokens for who knows the password. Raises CredentialsInvalid, for an unknown address too."""
        parameters = {"USERNAME": email, "PASSWORD": password, "SECRET_HASH": self._hash(email)}
        try:
            return await self._authenticate("ADMIN_USER_PASSWORD_AUTH", parameters)
        except AwsError as error:
            if error.code in REFUSED | CLOSED:
                raise CredentialsInvalid from error
            raise

    async def refresh(self, user_id: str, refresh_token: str) -> Tokens:
        """New tokens for a refresh token of this user. Raises Unauthenticated."""
        # Here, and only here, Cognito wants the hash of the sub, not of the name that the user logs in with.
        parameters = {"REFRESH_TOKEN": refresh_token, "SECRET_HASH": self._hash(user_id)}
        try:
            return await self._authenticate("REFRESH_TOKEN_AUTH", parameters)
        except AwsError as error:
            if error.code in REFUSED:
                raise Unauthenticated("This refresh token is not good any more.") from error
            raise

    async def _authenticate(self, flow: str, parameters: dict[str, str]) -> Tokens:
        answer = await self._call(
            "AdminInitiateAuth",
            UserPoolId=self._pool_id,
            ClientId=self._client_id,
            AuthFlow=flow,
            AuthParameters=parameters,
        )
        result = answer.get("AuthenticationResult")
        if result is None:
            raise CredentialsInvalid  # a challenge, such as a first password that was given by hand in the pool
        return Tokens(
            access_token=result["AccessToken"],
            id_token=result["IdToken"],
            expires_in=result["ExpiresIn"],
            refresh_token=result.get("RefreshToken"),
        )

    async def revoke(self, refresh_token: str) -> None:
        """This refresh token is dead."""
        await self._call("RevokeToken", ClientId=self._client_id, ClientSecret=self._secret, Token=refresh_token)

    async def revoke_all(self, user_id: str) -> None:
        """Every refresh token of this user is dead."""
        await self._admin("AdminUserGlobalSignOut", user_id)

    async def set_password(self, user_id: str, password: str) -> None:
        """From now on this is the password. Raises ValidationFailed."""
        try:
            await self._admin("AdminSetUserPassword", user_id, Password=password, Permanent=True)
        except AwsError as error:
            raise refusal(error) from error

    async def delete(self, user: str) -> None:
        """Remove a user, by id or mail address, whose registration was never completed."""
        try:
            await self._admin("AdminDeleteUser", user)
        except AwsError as error:
            if error.code != "UserNotFoundException":
                raise

    async def groups(self, user_id: str) -> set[str]:
        """The groups this user is in."""
        answer = await self._admin("AdminListGroupsForUser", user_id)
        return {group["GroupName"] for group in answer["Groups"]}

    async def enter(self, user_id: str, group: Group) -> None:
        """Put the user into a group."""
        await self._admin("AdminAddUserToGroup", user_id, GroupName=group)

    async def leave(self, user_id: str, group: Group) -> None:
        """Take the user out of a group."""
        await self._admin("AdminRemoveUserFromGroup", user_id, GroupName=group)

    async def members(self, group: Group) -> set[str]:
        """Ids of all who are in a group."""
        found: set[str] = set()
        more: dict[str, str] = {}
        while True:
            answer = await self._call(
                "ListUsersInGroup", UserPoolId=self._pool_id, GroupName=group, Limit=MEMBERS, **more
            )
            found |= {sub_of(user) for user in answer["Users"]}
            if not answer.get("NextToken"):
                return found
            more = {"NextToken": answer["NextToken"]}

    async def _admin(self, operation: str, username: str, **parameters: Any) -> dict[str, Any]:
        return await self._call(operation, UserPoolId=self._pool_id, Username=username, **parameters)

    async def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return await self._aws.call("cognito-idp", operation, **parameters)

    def _hash(self, username: str) -> str:
        """Cognito's proof that a call comes from the one who holds the client's secret."""
        message = (username + self._client_id).encode()
        return base64.b64encode(hmac.new(self._secret.encode(), message, hashlib.sha256).digest()).decode()


def refusal(error: AwsError) -> Exception:
    """What a refused registration or password means; a bug stays what it is."""
    match error.code:
        case "UsernameExistsException":
            return Registered()
        case "InvalidPasswordException":
            return ValidationFailed(("password", "is too weak"))
        case "InvalidParameterException":
            return ValidationFailed(("email", "must be a mail address"))
    return error


def sub_of(user: dict[str, Any]) -> str:
    """The id of a user as Cognito lists it."""
    attributes = {attribute["Name"]: attribute["Value"] for attribute in user.get("Attributes", ())}
    return str(attributes.get("sub", user["Username"]))
