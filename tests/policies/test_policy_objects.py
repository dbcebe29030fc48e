"""Kubernetes objects of a kind are found in every form that a resource can have."""

from collections.abc import Mapping
from typing import Any

import pytest

from common.wire import from_struct, to_struct
from policies.objects import all_objects, objects
from policies.rule import EvaluationContext
from policies.views import Reads, Resource
from tests.policies.policy_harness import TODAY, urn


def resource(kind: str, props: Mapping[str, Any] | None = None) -> Resource:
    token = f"kubernetes:{kind}"
    return Resource(
        urn=urn(token),
        kind=token,
        read=lambda: from_struct(to_struct(props or {})),
        context=EvaluationContext("prod", TODAY),
        reads=Reads(),
    )


@pytest.mark.parametrize(
    ("kind", "props", "paths"),
    [
        ("core/v1:Service", {}, [""]),
        ("core/v1:ServicePatch", {}, [""]),
        ("core/v1:ServiceList", {"items": [{}, {}]}, ["items[0]", "items[1]"]),
        ("core/v1:ServiceList", {}, []),
        ("core/v2beta1:Service", {}, [""]),
        ("core/v1:ServiceAccount", {}, []),
        ("serving.knative.dev/v1:Service", {}, []),
    ],
)
def test_an_object_is_found_alone_in_a_patch_and_in_a_list(kind: str, props: Mapping[str, Any], paths: list) -> None:
    assert [view.path for view in objects(resource(kind, props), "core", "Service")] == paths


def test_objects_of_a_stack_are_those_of_each_resource() -> None:
    resources = [resource(kind) for kind in ("core/v1:Service", "core/v1:ConfigMap", "core/v1:ServicePatch")]
    found = all_objects(resources, "core", "Service")
    assert [view.resource.type for view in found] == ["kubernetes:core/v1:Service", "kubernetes:core/v1:ServicePatch"]
