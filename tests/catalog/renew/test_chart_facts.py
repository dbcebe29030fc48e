"""The facts of a chart, from a small chart that stands here."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.renew import chart_facts
from catalog.renew.chart_facts import own_schema, row_of
from catalog.renew.go_templates import Templates

HELPERS = """
{{- define "small.account" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "small.name" .) .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}
{{- define "small.name" -}}{{ .Values.nameOverride | default .Chart.Name }}{{- end -}}
{{- define "small.image" -}}
{{- $image := index . 0 -}}{{ printf "%s/%s" (index . 1 | default "") $image.repository }}
{{- end -}}
{{- define "small.unused" -}}{{ .Values.onlyInDeadCode }}{{- end -}}
"""
WORKER = """
{{- if .Values.worker.enabled }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "small.account" . }}
---
kind: DaemonSet
metadata:
  name: {{ include "small.name" . }}-worker
spec:
  template:
    spec:
      {{- with .Values.worker.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if .Values.worker.hostNetwork }}
      hostNetwork: true
      {{- end }}
      priorityClassName: system-node-critical
      containers:
        - image: {{ include "small.image" (list .Values.image .Values.registry) }}
          securityContext: {{- toYaml .Values.worker.securityContext | nindent 12 }}
          {{- range $key, $value := .Values.worker.settings }}
          {{ $key }}: {{ tpl ($value | quote) $ }}
          {{- end }}
          replicas: {{ (.Values.worker).replicas }}
          {{- range .Values.worker.mounts }}
          path: {{ .path | default $.Values.root }}
          {{- end }}
{{- end }}
"""
CLEANUP = """
kind: Job
metadata:
  name: small-cleanup
  annotations:
    "helm.sh/hook": pre-delete,post-delete
    "helm.sh/hook-weight": "-1"
spec:
  template:
    spec:
      nodeSelector:
        {{- toYaml .Values.cleanup.nodeSelector | nindent 8 }}
---
kind: Job
metadata:
  name: small-check
  annotations: {{- toYaml .Values.check.annotations | nindent 4 }}
---
kind: Pod
metadata:
  name: small-test
  annotations:
    helm.sh/hook: test
"""
VALUES: dict[str, Any] = {
    "nameOverride": "",
    "registry": None,
    "image": {"repository": "small", "pullPolicy": "Always"},
    "serviceAccount": {"create": True},
    "worker": {
        "enabled": True,
        "tolerations": [{"operator": "Exists"}],
        "securityContext": {"privileged": True},
        "settings": {"level": "info"},
        "replicas": 1,
        "mounts": [],
        "forgotten": 1,
    },
    "cleanup": {"nodeSelector": {}},
    "check": {"annotations": {"helm.sh/hook": "post-install", "helm.sh/hook-weight": "5"}},
    "part": {"enabled": True},
}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    part = {"name": "part", "version": "1", "condition": "part.enabled, parts.all", "repository": "oci://example"}
    parts = [part, {"name": "local", "alias": "own"}]
    (tmp_path / "Chart.yaml").write_text(yaml.safe_dump({"name": "small", "dependencies": parts}))
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(VALUES, sort_keys=False))
    (tmp_path / "templates").mkdir()
    for name, text in (("_helpers.tpl", HELPERS), ("worker.yaml", WORKER), ("cleanup.yaml", CLEANUP)):
        (tmp_path / "templates" / name).write_text(text)
    return tmp_path


def row(chart: Path) -> dict[str, Any]:
    return row_of(chart, "1.2.3", "example/small at v1.2.3", "2026-11")


def test_the_tree_has_what_templates_read(chart: Path) -> None:
    assert row(chart)["values"] == {
        "nameOverride": "scalar",
        "registry": "any",
        "image": {"repository": "string", "pullPolicy": "unread"},
        "serviceAccount": {"create": "boolean", "name": "any"},
        "worker": {
            "enabled": "boolean",
            "tolerations": [{"operator": "Exists"}],
            "securityContext": "map",
            "settings": "map",
            "replicas": "number",
            "mounts": "list",
            "forgotten": "unread",
            "hostNetwork": "any",
        },
        "cleanup": {"nodeSelector": "map"},
        "check": {"annotations": "map"},
        "part": {"enabled": "boolean"},
        "parts": {"all": "any"},
        "root": "any",
    }, "a template that nothing calls reads nothing"
    assert row(chart)["brings"] == {
        "part": {"chart": "part", "version": "1", "if": ["part.enabled", "parts.all"]},
        "own": {"chart": None, "version": ""},
    }, "a chart in the folder of its parent has a name that another chart may have too"


def test_hooks_have_their_events_and_where_their_pods_run(chart: Path) -> None:
    assert row(chart)["hooks"] == [
        {
            "kind": "Job",
            "name": "small-cleanup",
            "node_selector": "cleanup.nodeSelector",
            "events": ["pre-delete", "post-delete"],
            "weight": -1,
        },
        {"kind": "Job", "name": "small-check", "events": ["post-install"], "weight": 5},
    ], "a test of the chart is no hook of an operation"


def test_pods_and_service_accounts_are_kept(chart: Path) -> None:
    assert row(chart)["pods"] == [
        {"kind": "Pod", "name": "small-test"},
        {
            "kind": "DaemonSet",
            "name": "*-worker",
            "if": ["worker.enabled"],
            "tolerations": "worker.tolerations",
            "host_network": "worker.hostNetwork",
            "privileged": True,
            "priority_class": "system-node-critical",
        },
    ]
    accounts = [{"name": "*", "if": ["worker.enabled"], "named_by": "serviceAccount.name"}]
    assert row(chart)["service_accounts"] == accounts


def test_without_templates_the_tree_is_that_of_values_yaml(chart: Path) -> None:
    for path in (chart / "templates").iterdir():
        path.unlink()
    (chart / "templates").rmdir()
    found = row(chart)
    assert found["templates"] is False
    assert found["values"]["image"] == {"repository": "string", "pullPolicy": "string"}
    assert found["values"]["worker"]["securityContext"] == "map", "its keys are the user's, by its name"


@pytest.mark.parametrize(
    ("template", "read", "whole"),
    [
        ('{{ index .Values.a "b" "c" }}', {"a", "a.b.c"}, set()),
        ("{{ index .Values.a .Values.key }}", {"a", "key"}, {"a"}),
        ('{{ if hasKey .Values "a" }}{{ end }}', {"a"}, set()),
        ('{{ dig "a" "b" true .Values }}', {"a.b"}, set()),
        ("{{ $x := .Values.a }}{{ $x.b }}", {"a", "a.b"}, set()),
        (
            "{{ with .Values.a }}{{ .b }}{{ $.Values.c }}{{ else }}{{ .Values.d }}{{ end }}",
            {"a", "a.b", "c", "d"},
            set(),
        ),
        ("{{ with.Values.a }}{{ .b }}{{ end }}{{ .Values.c }}", {"a", "a.b", "c"}, set()),
        ('{{ include "t" (dict "x" .Values.a) }}{{ define "t" }}{{ .x.b }}{{ end }}', {"a", "a.b"}, set()),
        ('{{ include "library.t" .Values.a }}', {"a"}, {"a"}),
        ("{{ merge (default dict .Values.a) .Values.b | toYaml }}", {"a", "b"}, {"a", "b"}),
        ("{{/* .Values.a */}}{{ `.Values.b` }}", set(), set()),
        ('{{ define "t" }}{{ include "t" . }}{{ .Values.a }}{{ end }}{{ template "t" . }}', {"a"}, set()),
        ("{{ if .Values.a }}{{ else if .Values.b }}{{ end }}", {"a", "b"}, set()),
        ("{{ range $i, $e := list .Values.a .Values.b }}{{ $e.c }}{{ end }}", {"a", "b", "a.c", "b.c"}, set()),
    ],
)
def test_an_expression_is_followed_to_the_values(template: str, read: set[str], whole: set[str]) -> None:
    uses = Templates({"t.yaml": template}).uses
    assert {".".join(path) for path in uses.read} == read
    assert {".".join(path) for path in uses.whole} == whole


def test_the_file_has_the_name_of_the_chart(chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_facts, "FOLDER", tmp_path)
    assert chart_facts.write(chart, "1.2.3", "example/small at v1.2.3", "2026-11") == tmp_path / "small.json"
    assert json.loads((tmp_path / "small.json").read_text())["version"] == "1.2.3"


def test_a_schema_keeps_no_descriptions_and_requires_only_inside_lists() -> None:
    item = {"type": "object", "properties": {"name": {"type": "string", "description": "prose"}}, "required": ["name"]}
    schema = {"$schema": "…", "properties": {"parts": {"items": item, "default": []}}, "required": ["parts"]}
    inner = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    assert own_schema(schema) == {"properties": {"parts": {"items": inner}}}, "the chart's own values set the rest"


def test_a_long_part_of_a_schema_is_written_once_and_one_that_holds_itself_takes_anything() -> None:
    names = {"type": "string", "enum": [f"a-long-name-{number}" for number in range(9)]}
    tree = {"properties": {"left": {"$ref": "#/$defs/tree"}, "name": {"$ref": "#/$defs/names"}}}
    schema = {"$ref": "#/$defs/tree", "$defs": {"tree": tree, "names": names}}
    kept = own_schema({"properties": {"a": names, "b": names, "c": schema["$defs"]["tree"]}, "$defs": schema["$defs"]})
    assert kept["$defs"] == {"p0": names}
    assert kept["properties"]["c"]["properties"]["left"]["properties"]["left"] == {}


def test_a_schema_says_nothing_that_the_charts_own_values_could_make_wrong() -> None:
    one_of = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "not": {"required": ["c"]}}
    kept = own_schema({**one_of, "properties": {"a": {"not": {"enum": ["x"]}}, "b": {"not": {"minLength": 3}}}})
    assert kept == {"anyOf": [{}, {}], "properties": {"a": {"not": {"enum": ["x"]}}, "b": {}}}


def test_a_pod_that_is_a_template_of_its_own_is_read_too(chart: Path) -> None:
    """Charts that make a DaemonSet or a Deployment write the pod once."""
    pod = '{{- define "pod" }}\n{{ .Values.volumes | toYaml }}\n{{ .Values.tolerations | toYaml }}\n{{ end }}'
    (chart / "templates" / "_pod.tpl").write_text(pod)
    (chart / "templates" / "agent.yaml").write_text(
        'kind: DaemonSet\nmetadata:\n  name: x\nspec: {{ include "pod" . }}\n'
    )
    volumes = [{"name": "logs", "hostPath": {"path": "/var/log"}}]
    (chart / "values.yaml").write_text(yaml.safe_dump({**VALUES, "volumes": volumes, "tolerations": []}))
    (agent,) = [each for each in row(chart)["pods"] if each["name"] == "x"]
    assert agent == {"kind": "DaemonSet", "name": "x", "tolerations": "tolerations", "host_path": True}


def test_manifests_of_named_templates_are_read_where_they_are_written(chart: Path) -> None:
    server = """
{{- define "server" }}
{{- with .ctx }}
apiVersion: apps/v1
kind: {{ $.part.kind }}
metadata:
  name: server
spec:
  nodeSelector: {{ toYaml $.part.nodeSelector }}
{{- end }}
{{- end }}
"""
    made = """
{{- if .Values.server.enabled }}
{{- include "server" (dict "ctx" . "part" .Values.server) }}
{{- $asked := include "server" (dict "ctx" . "part" .Values.server) | fromYaml }}
{{- end }}
"""
    (chart / "templates" / "_server.tpl").write_text(server)
    (chart / "templates" / "server.yaml").write_text(made)
    values = {**VALUES, "server": {"enabled": True, "kind": "StatefulSet", "nodeSelector": {}}}
    (chart / "values.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    (pod,) = [each for each in row(chart)["pods"] if each["kind"] == "StatefulSet"]
    assert pod["name"] == "server", "what a variable holds alone is not written"
    assert (pod["if"], pod["node_selector"]) == (["server.enabled"], "server.nodeSelector")


def test_a_value_that_is_a_template_reads_values(chart: Path) -> None:
    values = {**VALUES, "limits": {"period": "1h", "other": 1}, "config": "period: {{ .Values.limits.period }}\n"}
    (chart / "values.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    (chart / "templates" / "config.yaml").write_text("kind: ConfigMap\ndata: {{ tpl .Values.config . }}\n")
    assert row(chart)["values"]["limits"] == {"period": "string", "other": "unread"}
