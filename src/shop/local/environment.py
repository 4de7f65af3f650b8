"""The settings of every process and function on this machine, as environment variables: what the stacks set on AWS."""

import os
from dataclasses import dataclass

from shop.contracts import topology
from shop.local.emulator import Access
from shop.local.provision import MAIL_FROM, Provisioned

__all__ = ["Packages", "Place", "Settings", "common", "console"]

OPERATOR_EMAIL = "operator@mieruka.example"


def common(access: Access, provisioned: Provisioned) -> dict[str, str]:
    """What every service gets: where AWS is, and what was made there."""
    return {
        **access.environment(),
        "DEPLOYMENT_ENVIRONMENT": "local",
        "EVENT_BUS": topology.BUS,
        "QUEUE_URL_PREFIX": access.queue_url_prefix,
        "IMAGES_BUCKET": provisioned.images_bucket,
        "USER_POOL_ID": provisioned.user_pool_id,
        "USER_POOL_CLIENT_ID": provisioned.user_pool_client_id,
        "USER_POOL_CLIENT_SECRET": provisioned.user_pool_client_secret,
        "TOKEN_ISSUER": provisioned.token_issuer,
        "JWKS_URL": provisioned.jwks_url,
        "MAIL_FROM": MAIL_FROM,
        "OPERATOR_EMAIL": OPERATOR_EMAIL,
    }


@dataclass(frozen=True, slots=True)
class Packages:
    """Unpacked zips that functions run from, in place of this checkout: the folder of each service, and the one with
    what Lambda itself puts beside them.
    """

    folders: dict[str, str]
    runtime: str

    def of(self, service: str) -> dict[str, str]:
        """Lambda's own variables for where a function finds its code."""
        return {"LAMBDA_TASK_ROOT": self.folders[service], "LAMBDA_RUNTIME_DIR": self.runtime}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the parts of one shop listen on 127.0.0.1, and what they share."""

    gateway: int
    otlp: int
    console: int
    apis: dict[str, int]  # port by service
    lambda_host: int
    databases: dict[str, str]  # address by service
    page_token_key: str
    functions_file: str
    checkpoints: str  # folder: how far the Lambda host has read each stream
    search: str  # folder: the search index of each catalog process
    telemetry: str  # folder: what the console keeps
    processes_file: str
    accounts_file: str  # who can sign in; there once the shop is seeded
    packages: Packages | None = None  # none: functions run from this checkout

    @property
    def gateway_url(self) -> str:
        """The shop as its clients see it."""
        return url(self.gateway)

    @property
    def console_url(self) -> str:
        """The console as its user sees it."""
        return url(self.console)

    @property
    def otlp_url(self) -> str:
        """Where telemetry goes: to the console, unless the user's environment names another backend."""
        return os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or url(self.otlp)


def url(port: int) -> str:
    """The base URL of what listens there."""
    return f"http://127.0.0.1:{port}"


@dataclass(frozen=True, slots=True)
class Settings:
    """Who gets which variables."""

    place: Place
    access: Access
    provisioned: Provisioned
    tunables: dict[str, str]

    def everyone(self) -> dict[str, str]:
        """What every process of ours gets, whatever it does."""
        return {
            **telemetry(self.place),
            **common(self.access, self.provisioned),
            **self.tunables,
            "GATEWAY_URL": self.place.gateway_url,
            "PUBLIC_URL": self.place.gateway_url,
            "PAGE_TOKEN_KEY": self.place.page_token_key,
        }

    def container(self, name: str) -> dict[str, str]:
        """The environment of a container's process."""
        service = next(container.service for container in topology.CONTAINERS if container.name == name)
        own = {"DATABASE_URL": self.place.databases[service], "SEARCH_INDEX_DIR": self.place.search}
        return {**process(), **self.everyone(), **own}

    def functions(self) -> dict[str, dict[str, str]]:
        """The environment of every function, as its stack would set it; Lambda itself adds its own to it."""
        tables = {table.service: {"TABLE_NAME": table.name} for table in topology.TABLES}
        packages = self.place.packages
        return {
            function.name: {
                **self.everyone(),
                **tables.get(function.service, {}),
                **(packages.of(function.service) if packages else {}),
            }
            for function in topology.FUNCTIONS
        }

    def lambda_host(self) -> dict[str, str]:
        """The environment of the Lambda host; its functions see nothing of it."""
        return {
            **process(),
            **self.everyone(),
            "LAMBDA_HOST_PORT": str(self.place.lambda_host),
            "FUNCTIONS_FILE": self.place.functions_file,
            "STATE_DIR": self.place.checkpoints,
        }

    def gateway(self) -> dict[str, str]:
        """The environment of the gateway."""
        apis = {f"{service.upper()}_URL": url(port) for service, port in self.place.apis.items()}
        listens = {"PORT": str(self.place.gateway), "LAMBDA_HOST_URL": url(self.place.lambda_host)}
        return {**process(), **self.everyone(), **apis, **listens}

    def seed(self) -> dict[str, str]:
        """The environment of what fills an empty shop."""
        databases = {f"{service.upper()}_DATABASE_URL": dsn for service, dsn in self.place.databases.items()}
        return {**process(), **self.everyone(), **databases}


def console(place: Place, access: Access) -> dict[str, str]:
    """The environment of the console, which starts before anything is made on AWS; what the user's own says of it."""
    own = {name: value for name, value in os.environ.items() if name.startswith("CONSOLE_")}
    return {
        **process(),
        **own,
        **access.environment(),
        "CONSOLE_PORT": str(place.console),
        "OTLP_PORT": str(place.otlp),
        "CONSOLE_FOLDER": place.telemetry,
        "PROCESSES_FILE": place.processes_file,
        "QUEUE_URL_PREFIX": access.queue_url_prefix,
        "LAMBDA_HOST_URL": url(place.lambda_host),
        "GATEWAY_URL": place.gateway_url,
        "ACCOUNTS_FILE": place.accounts_file,
    }


def process() -> dict[str, str]:
    """What a Python process needs of this machine. No other variable of the user's reaches the shop's processes."""
    kept = {name: value for name in ("PATH", "HOME", "TMPDIR", "LANG") if (value := os.environ.get(name))}
    return {
        **kept,
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc would keep up to sixteen heaps a process
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def telemetry(place: Place) -> dict[str, str]:
    """OpenTelemetry's variables as the user has set them, and where to send to."""
    own = {name: value for name, value in os.environ.items() if name.startswith("OTEL_")}
    return {**own, "OTEL_EXPORTER_OTLP_ENDPOINT": place.otlp_url}
