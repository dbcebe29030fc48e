"""Answers of AWS for what moto does not know. Botocore's Stubber holds each against the model of its service.

A Stubber by itself answers in one order for one client; checks ask in any order, and other calls go on to moto.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber

from preflight.account import Account
from preflight.policy import every_call

Answer = Mapping[str, Any] | Callable[[dict[str, Any]], Mapping[str, Any]]
REGION = "us-west-2"


class Denied:
    """The answer to a caller who may not ask."""

    def __init__(self, code: str = "AccessDeniedException", status: int = 400) -> None:
        self.code, self.status = code, status


class Asked(Account):
    """An account that answers some calls from a table, and notes every operation and what would change something.

    answers: `<service>:<operation>` -> the answer, or a function of the parameters that returns it.
    """

    def __init__(self, answers: Mapping[str, Answer | Denied], region: str = REGION) -> None:
        super().__init__(region, every_call())
        self._session = _session()
        self.answers, self.operations, self.questions = answers, list[str](), list[str]()

    def client(self, service: str, region: str) -> Any:
        new = (service, region) not in self._clients
        client = super().client(service, region)
        if new:
            client.meta.events.register("before-call.*.*", self._answered)
        return client

    def _answered(self, model: Any, params: Mapping[str, Any], context: Any, **_: Any) -> Any:
        call = f"{model.service_model.service_name}:{model.name}"
        self.operations.append(call)
        self.questions.append(f"{call} {context['client_region']} {params.get('url')} {params.get('body')}")
        answer = self.answers.get(f"{call}@{context['client_region']}", self.answers.get(call))
        if answer is None:
            return None
        if isinstance(answer, Denied):
            said = {"Error": {"Code": answer.code, "Message": "no"}, "ResponseMetadata": {}}
            return AWSResponse("", answer.status, {}, None), said
        body = dict(answer) if isinstance(answer, Mapping) else answer(_parameters(params))
        if "Error" in body:
            return AWSResponse("", 400, {}, None), {**body, "ResponseMetadata": {}}
        client = self.client(model.service_model.service_name, context["client_region"])
        # It refuses what the service's model does not have. It is not activated, so it answers nothing by itself.
        Stubber(client).add_response(_method(client, model.name), body)
        return AWSResponse("", 200, {}, None), {**body, "ResponseMetadata": {"HTTPStatusCode": 200}}


@cache
def _session() -> boto3.Session:
    """One session for all tests: it keeps the models of the services, which take seconds to read."""
    return boto3.Session()


def missing(code: str) -> Mapping[str, Any]:
    return {"Error": {"Code": code, "Message": "there is none"}}


def _parameters(request: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parameters of a call: of its body, its query, and its address."""
    body = request.get("body") or {}
    found = json.loads(body) if isinstance(body, str | bytes) else dict(body)
    return {**found, **(request.get("query_string") or {}), "url": request.get("url", "")}


def _method(client: Any, operation: str) -> str:
    return next(name for name, each in client.meta.method_to_api_mapping.items() if each == operation)
