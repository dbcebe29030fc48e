"""The account: the only module that makes clients of AWS. It reads, and turns errors into "could not look".

An error means "not there" only by a code that the check names: an emulator or a proxy answers 404 to a question that it
does not know, and AWS answers AccessDenied about some things that do not exist. Error codes: API references of the
services, "Common errors"; botocore 1.44.8, exceptions.py; read 2026-11.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.model import OperationModel

READS = ("Describe", "Get", "Head", "List")
# These begin so too, and give away what nobody should print.
SECRETS = ("GetSecretValue", "GetPasswordData", "GetSessionToken", "GetFederationToken", "GetAuthorizationToken")
# IAM has its own names of some services and operations.
# Source: AWS Service Authorization Reference, the pages of these services, read 2026-11.
PREFIXES = {"service-quotas": "servicequotas", "elbv2": "elasticloadbalancing"}
ACTIONS = {"s3:HeadBucket": "s3:ListBucket", "s3:ListBuckets": "s3:ListAllMyBuckets"}
LOG_IN = (
    "Log in, for example with `aws sso login`, and name the profile: AWS_PROFILE=<profile> make preflight. "
    "`aws sts get-caller-identity` then shows the account."
)
ASK_AWS = "Something stands between here and AWS: an emulator (AWS_ENDPOINT_URL), or a proxy. Ask AWS itself."
_DENIED = re.compile(
    r"AccessDenied|Unauthorized|NotAuthorized|AuthorizationError|Forbidden|OptInRequired|SubscriptionRequired|^403$"
)
_LOGGED_OUT = re.compile(
    r"Expired|InvalidClientToken|UnrecognizedClient|InvalidAccessKey|Signature|AuthFailure|TokenRefresh"
)
_UNKNOWN_CALL = re.compile(r"^(404|UnknownOperation|InvalidAction|NotImplemented)")
_NO_LOGIN = re.compile(r"Credential|Profile|Config|Token|SSO|Login")  # in the name of an error of botocore
_NO_WAY = (exceptions.ConnectionError, exceptions.HTTPClientError)


def action_of(call: str) -> str:
    """Returns the action of IAM that a call needs."""
    service, _, operation = call.partition(":")
    return ACTIONS.get(call, f"{PREFIXES.get(service, service)}:{operation}")


class CouldNotLookError(Exception):
    """AWS did not answer a question. `str()` says why, `fix` how to get the answer; code: that of AWS."""

    def __init__(self, why: str, fix: str, code: str = "") -> None:
        super().__init__(why)
        self.fix = fix
        self.code = code


class UndeclaredCallError(Exception):
    """A check asks what its record does not say, or what is more than a question. This is a mistake in the check."""


class Account:
    """An account of AWS, seen from a region. An answer is kept, so no question is asked twice.

    calls: all that may be asked.
    """

    def __init__(self, region: str, calls: Collection[str]) -> None:
        self.region = region
        self._calls = frozenset(calls)
        self._session: boto3.Session | None = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._answers: dict[str, Any] = {}
        self._no_way: dict[tuple[str, str], CouldNotLookError] = {}
        self._lock = Lock()

    def client(self, service: str, region: str) -> Any:
        """Returns the client of a service, which refuses every operation that no check has declared."""
        with self._lock:  # a session is not for several threads at once, a client is
            if (service, region) not in self._clients:
                self._session = self._session or boto3.Session()
                retries: Any = {"mode": "standard", "total_max_attempts": 3}
                config = Config(connect_timeout=5, read_timeout=20, retries=retries, user_agent_extra="preflight")
                client = self._session.client(service, region_name=region, config=config)
                client.meta.events.register_first("provide-client-params.*.*", self._refuse)
                self._clients[service, region] = client
            return self._clients[service, region]

    def _refuse(self, model: OperationModel, **_: Any) -> None:
        call = f"{model.service_model.service_name}:{model.name}"
        if call not in self._calls or not model.name.startswith(READS) or model.name in SECRETS:
            raise UndeclaredCallError(f"{call} is not declared by a check, or is no question")

    def answer(self, call: str, region: str, parameters: dict[str, Any]) -> Any:
        """Returns the answer to a call, all its pages. Raises what botocore raises, or CouldNotLookError."""
        key = json.dumps([call, region, parameters], sort_keys=True)
        if key not in self._answers:
            try:
                self._answers[key] = self._asked(call, region, parameters)
            except (exceptions.ClientError, CouldNotLookError) as error:
                self._answers[key] = error
        found = self._answers[key]
        if isinstance(found, Exception):
            raise found
        return found

    def _asked(self, call: str, region: str, parameters: dict[str, Any]) -> Any:
        service, _, operation = call.partition(":")
        if (service, region) in self._no_way:
            raise self._no_way[service, region]
        try:
            client = self.client(service, region)
            method = next(name for name, each in client.meta.method_to_api_mapping.items() if each == operation)
            if client.can_paginate(method):
                return client.get_paginator(method).paginate(**parameters).build_full_result()
            return getattr(client, method)(**parameters)
        except exceptions.ClientError:
            raise
        except NotImplementedError:
            raise CouldNotLookError(f"what answers does not know {call}", ASK_AWS) from None
        except (exceptions.BotoCoreError, OSError, ValueError) as error:  # a command for credentials may raise any
            reason = _no_answer(error, f"{service} in {region}")
            if isinstance(error, _NO_WAY):  # the next question would wait as long
                self._no_way[service, region] = reason
            raise reason from None


@dataclass(frozen=True)
class Ask:
    """What a check asks with. It knows the calls that the check has declared, and no client."""

    account: Account
    calls: Collection[str]

    def __call__(self, call: str, /, *, region: str = "", absent: Collection[str] = (), **parameters: Any) -> Any:
        """Returns the answer of AWS; None for an error with one of the codes in `absent`.

        region: another one than the account is seen from. Raises CouldNotLookError for any other error.
        """
        if call not in self.calls:
            raise UndeclaredCallError(f"{call} is not among the calls of this check")
        try:
            return self.account.answer(call, region or self.account.region, parameters)
        except exceptions.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in absent:
                return None
            raise _could_not_look(call, code, str(error.response.get("Error", {}).get("Message", ""))) from None


def _no_answer(error: Exception, where: str) -> CouldNotLookError:
    """Says which class of error came. Its text may hold what a command for credentials printed."""
    kind = type(error).__name__
    if isinstance(error, exceptions.SSLError):
        fix = (
            "Something on the way shows a certificate of its own. Name the file with those of your company: "
            "AWS_CA_BUNDLE=<file.pem> make preflight."
        )
        return CouldNotLookError(f"the certificate of {where} is not one that this machine trusts: {kind}", fix)
    if isinstance(error, _NO_WAY):
        fix = "Look from a host that reaches AWS; behind a proxy, set HTTPS_PROXY."
        return CouldNotLookError(f"the endpoint of {where} does not answer: {kind}", fix)
    if _NO_LOGIN.search(kind):
        profile = os.environ.get("AWS_PROFILE", "default")
        return CouldNotLookError(f"there are no credentials that work: {kind}, profile {profile}", LOG_IN)
    return CouldNotLookError(f"{where} gives no answer: {kind}", "`aws sts get-caller-identity` may say more.")


def _could_not_look(call: str, code: str, message: str) -> CouldNotLookError:
    if _LOGGED_OUT.search(code):
        return CouldNotLookError(f"AWS does not take these credentials ({code})", LOG_IN, code)
    if _DENIED.search(code):
        fix = "Give the caller the rights of preflight/policy.json."
        return CouldNotLookError(f"the caller may not {action_of(call)} ({code})", fix, code)
    if _UNKNOWN_CALL.search(code):
        return CouldNotLookError(f"what answers does not know {call} ({code})", ASK_AWS)
    return CouldNotLookError(f"{call} answers {code}: {_short(message)}", "Try again, or ask for it by hand.")


def _short(error: object) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 160 else f"{text[:159]}…"
