"""No password, token or key stands in plain text in a Kubernetes object, a Helm release, an ECS task or a function.

A text is one by its form, by its name (a variable, a key of a ConfigMap, a flag before it), or because the program
holds it as a secret: Pulumi encrypts its own state, not what the cluster shows. The rule does not decode binaryData.
What is one: common/secret_texts.py and common/secret_names.py.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from common.secret_names import flags, secret_by_name, set_inside
from common.secret_texts import form_of, text_of
from common.values import UNKNOWN, Secret
from policies.rule import Case, Resource, Rule, View, text
from policies.samples import in_every_place, pod_of
from policies.views import show

CONFIG, RELEASE = "kubernetes:core/v1:ConfigMap", "kubernetes:helm.sh/v3:Release"
TASK, FUNCTION = "aws:ecs/taskDefinition:TaskDefinition", "aws:lambda/function:Function"
PARTS = {RELEASE: "values", TASK: "containerDefinitions", FUNCTION: "environment"}
"""Type -> the property that is read, of those that are not read whole."""
OTHERS = ("kubernetes:core/v1:Secret", "kubernetes:apiextensions.k8s.io/")  # their place; schemas with examples

Path = tuple[str | int, ...]


def _from_json(given: str) -> Any:
    try:
        return json.loads(given)
    except ValueError:
        return given


def _opened(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value


def _texts(
    resource: Resource, value: Any, path: Path, name: str, variable: bool, *, keys_name: bool
) -> Iterator[tuple[Path, str, bool, Any]]:
    """Yields path, name and value of each text, and whether it is the name of a variable; a secret as the secret."""
    inner = _opened(value)
    if isinstance(inner, Mapping):
        given = _opened(inner.get("name", ""))  # of a variable or a header
        of_value = text(View(resource, inner, show(path)), "name") if given is UNKNOWN else str(given)
        for key, item in inner.items():
            of_variable = key == "value" and bool(of_value)
            named = of_value if of_variable else str(key) if keys_name else ""
            yield from _texts(resource, item, (*path, key), named, of_variable or named.isupper(), keys_name=keys_name)
    elif isinstance(inner, list):
        of_flags = {at: (flag, given) for at, flag, given in flags(map(_opened, inner))}
        for index, item in enumerate(inner):
            flag, given = of_flags.get(index, ("", None))
            if flag and not isinstance(item, Secret):
                yield (*path, index), flag, True, given
            yield from _texts(resource, item, (*path, index), name, variable, keys_name=keys_name)
    elif isinstance(value, Secret):
        yield path, name, variable, value
    elif found := text_of(inner):
        yield path, name, variable, found


def _problem(name: str, value: Any, *, variable: bool) -> str:
    """Returns why a text is a secret, without the text; "" when it is none."""
    if isinstance(value, Secret):
        return "is a secret of the program"
    if form_of(value):
        return "has the form of a password, a token or a key"
    if secret_by_name(name, value, variable=variable):
        return "is a secret by its name"
    return "sets a secret by its name" if set_inside(value) else ""


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type.startswith(OTHERS):
        return
    part = PARTS.get(resource.type, "")
    root = resource.value.get(part) if part else resource.value
    keys_name = part in ("values", "environment") or resource.type.startswith(CONFIG)
    start: Path = (part,) if part else ()
    if isinstance(root, str):  # a task of ECS has its containers as JSON
        root = _from_json(root)
    found: dict[str, str] = {}
    nameless = ""
    for path, name, variable, value in _texts(resource, root, start, nameless, nameless.isupper(), keys_name=keys_name):
        if problem := _problem(name, value, variable=variable):
            found.setdefault(show(path), f"{problem}, and everybody who may look at the object can read it")
    yield from found.items()


AT = "spec.containers[0]"
DRAWN = "3f9a8b7c6d5e4f3a2b1c"


def _config(at: str = "", **data: object) -> Case:
    named = {name.replace("_at_", "."): value for name, value in data.items()}
    return Case({"data": named}, type=CONFIG, at=f"data{at}")


def _release(at: str = "", **values: object) -> Case:
    return Case({"chart": "grafana", "values": values}, type=RELEASE, at=f"values{at}")


def _task(container: Mapping[str, object], at: str = "") -> Case:
    return Case({"containerDefinitions": json.dumps([container])}, type=TASK, at=at)


def _env(name: str, value: object) -> dict[str, object]:
    return {"env": [{"name": name, "value": value}]}


RULE = Rule(
    id="secret-no-plaintext",
    applies_to=("kubernetes:*", TASK, FUNCTION),
    severity="critical",
    standards=("C-0012", "Trivy: ConfigMap with secrets"),
    why="Everybody who may look at pods or releases reads it, and it stays in the state and its history.",
    fix="Keep it in Secrets Manager, mount it as a Secret; a name that only points there ends in _NAME, _FILE or _ARN.",
    check=check,
    good={
        "nothing set": pod_of({}),
        "from a Secret": pod_of(
            {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]}
        ),
        "a name that says where it is": pod_of(_env("DB_PASSWORD_FILE", "secret")),
        **{
            f"a reference: {value}": pod_of(_env("DB_PASSWORD", value))
            for value in (
                "",
                "$(OTHER)",
                "${OTHER}",
                "$OTHER",
                "/run/secrets/db/password",
                "arn:aws:x",
                "<from the vault>",
            )
        },
        "a name that is a map": _release(image={"name": {"registry": "quay.io"}, "value": "x"}),
        "a value that is known later": pod_of(_env("DB_PASSWORD", UNKNOWN)),
        "no text": pod_of({"env": [{"name": "DB_PASSWORD", "value": 7}]}),
        "a flag without a value": pod_of({"args": ["--use-token", "--verbose"]}),
        "a flag with a file": pod_of({"args": ["--token", "/run/secrets/hub/token"]}),
        "how it is asked for": pod_of(_env("REGISTRY_AUTH", "htpasswd")),
        "a number of tokens": pod_of({"args": ["--max-num-batched-tokens=8192", "--max-tokens", "512"]}),
        "a key that is public": pod_of(_env("TOPOLOGY_KEY", "topology.kubernetes.io/zone")),
        "a token of a model": pod_of(_env("END_TOKEN", "end")),
        "a key of data": pod_of(_env("MODEL_KEY", "llama3-8b-instruct")),
        "the name of a Secret": pod_of(_env("IMAGE_PULL_SECRET", "ecr-pull-v2")),
        "a webhook of one's own": pod_of(_env("ALERT_WEBHOOK", "https://alerts.example.com/hook")),
        "an address without a password": pod_of(_env("DB", "postgres://trainer@db:5432/runs")),
        "an address with a reference": pod_of(_env("DB", "postgres://trainer:$(DB_PASSWORD)@db/runs")),
        "an image by its digest": pod_of(_env("IMAGE", "oci://train:v1@sha256:0123")),
        "code that reads one": _config(train_at_py="token: str = os.environ['HF_TOKEN']\nlogin(token=token)"),
        "a template": _config(app_at_yaml='password: "{{ .Values.password }}"\nlogin: true'),
        "a field that is named like one": Case(
            {"spec": {"data": [{"secretKey": "password"}]}}, type="kubernetes:external-secrets.io/v1:ExternalSecret"
        ),
        "a task that names where it is": _task({"secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:x"}]}),
        "a function": Case({"environment": {"variables": {"MODE": "fast"}}}, type=FUNCTION),
        "the place for it": Case({"stringData": {"password": "x"}}, type="kubernetes:core/v1:Secret"),
        "a key that mostly names a Secret": _release(hubSecret="hub2023"),
        "a chart that makes it": _release(auth={"existingSecret": "grafana", "createToken": True, "password": ""}),
        "a repository that asks for one": Case(
            {"repositoryOpts": {"password": Secret("x")}, "values": {}}, type=RELEASE
        ),
    },
    bad={
        **in_every_place(_env("DB_PASSWORD", "hunter2"), "env[0].value"),
        "held as a secret, under any name": pod_of(_env("GREETING", Secret("hunter2")), at=f"{AT}.env[0].value"),
        "a secret that is known later": pod_of(_env("GREETING", Secret(UNKNOWN)), at=f"{AT}.env[0].value"),
        "a private key": pod_of(_env("GREETING", "-----BEGIN RSA PRIVATE KEY-----"), at=f"{AT}.env[0].value"),
        "an address with a password": pod_of(_env("GREETING", "redis://:hunter2@cache"), at=f"{AT}.env[0].value"),
        "a flag": pod_of({"args": ["serve", "--api-key", "hunter2"]}, at=f"{AT}.args[2]"),
        "a flag with its value": pod_of({"args": ["--api-key=hunter2"]}, at=f"{AT}.args[0]"),
        "a key behind its flag": pod_of({"args": [f"--stripe-key={DRAWN}"]}, at=f"{AT}.args[0]"),
        "a secret behind its flag": pod_of({"args": ["--hub-secret=hunter2"]}, at=f"{AT}.args[0]"),
        **{
            f"a variable {name}": pod_of(_env(name, "hunter2"), at=f"{AT}.env[0].value")
            for name in ("DB_PASS", "DB_PWD", "API_TOKENS", "JWT_SECRET", "SENTRY_DSN", "GITHUB_PAT", "JWT")
        },
        **{
            f"a variable {name} that a machine has drawn": pod_of(_env(name, DRAWN), at=f"{AT}.env[0].value")
            for name in ("STRIPE_KEY", "NPM_AUTH", "SLACK_WEBHOOK", "MODEL_KEY")
        },
        "a number": _release(".adminPassword", adminPassword=5551234987),
        "a variable in small letters": pod_of(_env("stripe_key", DRAWN), at=f"{AT}.env[0].value"),
        "a ConfigMap whose keys become variables": _config(".HUB_SECRET", HUB_SECRET=DRAWN),
        "a secret in small letters": pod_of(_env("hub_secret", "hunter2"), at=f"{AT}.env[0].value"),
        "a command of a shell": pod_of(
            {"command": ["sh", "-c", "export HF_TOKEN='hunter2'; train"]}, at=f"{AT}.command[2]"
        ),
        "a header of a probe": pod_of(
            {"livenessProbe": {"httpGet": {"httpHeaders": [{"name": "X-Api-Key", "value": "hunter2"}]}}},
            at=f"{AT}.livenessProbe.httpGet.httpHeaders[0].value",
        ),
        "outside of a pod spec": Case(
            {"spec": {"predictor": {"model": _env("HF_TOKEN", "hunter2")}}},
            type="kubernetes:serving.kserve.io/v1beta1:InferenceService",
            at="spec.predictor.model.env[0].value",
        ),
        "a variable of a task of ECS": _task(
            {"environment": [{"name": "DB_PASSWORD", "value": "hunter2"}]},
            at="containerDefinitions[0].environment[0].value",
        ),
        "a task of ECS that is no JSON": Case(
            {"containerDefinitions": "DB_PASSWORD=hunter2-hunter2"}, type=TASK, at="containerDefinitions"
        ),
        "a variable of a function": Case(
            {"environment": {"variables": {"TOKEN": "hunter2"}}}, type=FUNCTION, at="environment.variables.TOKEN"
        ),
        "a ConfigMap": _config(".dbPassword", dbPassword="hunter2"),
        "a file in a ConfigMap": _config('["app.yaml"]', app_at_yaml="db:\n  host: db\n  password: hunter2\n"),
        "the second line of a file": _config('["app.env"]', app_at_env="A_TOKEN=$A\nCLIENT_SECRET='hunter'"),
        "JSON in a ConfigMap": _config('["app.json"]', app_at_json='{"apiKey": "hunter2"}'),
        "a patch of a ConfigMap": Case({"data": {"token": "hunter2"}}, type=f"{CONFIG}Patch", at="data.token"),
        "values of a release": _release(".auth.adminPassword", auth={"adminPassword": "hunter2"}),
        "beside a name and a value": _release(
            ".auth.password", auth={"name": "x", "value": "y", "password": "hunter2"}
        ),
        "variables of a release": _release(".env[0].value", **_env("DB_PASSWORD", "hunter2")),
    },
)
