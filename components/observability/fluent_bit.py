"""The configuration of Fluent Bit: what it reads, what it makes of each line, where it sends, what waits on disk.

Each record is one event in JSON. A line in JSON gives its own fields, any other one is `log`; those of the platform
come over them. Traces of Python, Java and Go are one event.
Sources: fluent/fluent-bit v5.1.1, plugins/ and src/flb_config.c; fluent/fluent-bit-docs f92ae08, pipeline/; fluent/
helm-charts fluent-bit-0.58.1, templates/; read 2026-11.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from settings.observability.logs import LogSettings, LokiSettings, OpenSearchSettings

PORT = 2020
STATE = "/var/fluent-bit/state"
"""Folder of the node: what is read already, and what could not be sent yet. It outlives the pod."""
PREFIX = "kube.var.log.containers."
EVERY_GROUP = "containers"
LABELS = ("cluster_name", "namespace", "team", "container")

REDACTED: Mapping[str, str] = {
    r"([Bb]earer%s+)[%w%-%._~%+/=]+": "%1***",
    "([Bb]asic%s+)" + "[%w%+/]" * 8 + "[%w%+/=]*": "%1***",
    r"%.eyJ[%w%-_]+%.[%w%-_]*": ".***",  # a JSON Web Token, but for its first part, which says how it is signed
    "A[KS]IA" + "[%u%d]" * 16: "***",  # ID of an access key
    r"""([Ss][Ee][Cc][Rr][Ee][Tt]_?[Aa][Cc][Cc][Ee][Ss][Ss]_?[Kk][Ee][Yy]["']?%s*[:=]%s*["']?)[%w/%+]+=*""": "%1***",
    r"""([Ss][Ee][Ss][Ss][Ii][Oo][Nn]_?[Tt][Oo][Kk][Ee][Nn]["']?%s*[:=]%s*["']?)[%w/%+]+=*""": "%1***",
    r"""([Pp][Aa][Ss][Ss][Ww][Oo][Rr][Dd]["']?%s*[:=]%s*["']?)[^%s"',;&]+""": "%1***",
    r"""([Aa][Pp][Ii][_%-]?[Kk][Ee][Yy]["']?%s*[:=]%s*["']?)[^%s"',;&]+""": "%1***",
    r"(://[^/%s:@]+:)[^/%s@]+@": "%1***@",  # a password in an address
    r"(%-BEGIN ?[%u%d]* PRIVATE KEY%-%-%-%-%-)[^%-]*": "%1***",
    r"(%-BEGIN PGP PRIVATE KEY BLOCK%-%-%-%-%-).*": "%1***",  # to the end: lines before the key may have hyphens
    r"(%- BEGIN SSH2 ENCRYPTED PRIVATE KEY %-%-%-%-).*": "%1***",
    r"(DEK%-Info: [%w%-]+,)[^%-]*": "%1***",  # the rest of one that has a password
    r"%f[%w]hf_" + "%w" * 20 + "%w*": "***",  # Hugging Face
    r"%f[%w]gh[opsu]_" + "%w" * 20 + "%w*": "***",  # GitHub
    r"%f[%w]sk%-[%w%-_]" + "[%w%-_]" * 19 + "[%w%-_]*": "***",  # OpenAI, Anthropic and others
    r"%f[%w]xox[abprs]%-[%w%-]+": "***",  # Slack
}
"""Pattern of Lua -> what stands there instead; none that a line can take minutes, which settings/observability/patterns
says of those of people, too."""
SECRET_KEYS = (
    *("access_key", "access_token", "api_key", "apikey", "authorization", "client_secret", "cookie", "password"),
    *("private_key", "refresh_token", "secret", "secret_access_key", "secret_key", "session_token", "set-cookie"),
    *("token", "x-api-key"),
)
"""Keys of JSON lines whose value stands nowhere, whatever it is."""
_RANK = r"\A(?:\[rank\d+\]: ?+)?"
PYTHON = (
    ("start_state", _RANK + r"Traceback \(most recent call last\):", "frames"),
    ("frames", _RANK + r"[\t ]", "frames"),
    ("frames", _RANK + r"\S", "raised"),
    ("raised", _RANK + r"$", "between"),
    ("between", _RANK + r"(?:$|The above exception was|During handling of the above)", "between"),
    ("between", _RANK + r"Traceback \(most recent call last\):", "frames"),
)
"""State, pattern, next state: traces of Python, with the carets of 3.11 and the `[rank0]:` of PyTorch. Fluent Bit's own
parser stops at carets, and sends the last line a second time (5.1.1, run)."""

_END = _RANK + r"\s*-----? ?END"
_HEADER = _RANK + r"\s*[A-Za-z-]+: .*"
PRIVATE_KEYS = (
    ("start_state", r"---- ?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-----?\s*$", "headers"),
    ("headers", _END, "ended"),
    ("headers", _HEADER + r"\x5c\s*$", "continued"),  # a backslash: RFC 4716, 3.3
    ("headers", rf"(?:{_HEADER}|{_RANK}\s*)$", "headers"),
    ("headers", _RANK + r"\s*[A-Za-z0-9+\/=]+\s*$", "key"),
    ("continued", r"\x5c\s*$", "continued"),
    ("continued", ".*", "headers"),
    ("key", _END, "ended"),
    ("key", _RANK + r"\s*(?:[A-Za-z0-9+\/=]+)?\s*$", "key"),
    ("ended", _END, "ended"),  # a state without a rule ends Fluent Bit when it starts (5.1.1, run)
)
"""A private key in lines of its own is one event, so that `REDACTED` finds all of it. It is joined before traces are: a
trace takes the line in which a key begins, such as its message, and would leave the others to stand for themselves."""
_JOINED: Mapping[str, tuple[tuple[str, str, str], ...]] = {"private_keys": PRIVATE_KEYS, "python_traces": PYTHON}


def group(namespace: str | None) -> str:
    """Returns the last part of a log group's name. namespace: None for all without an entry."""
    return EVERY_GROUP if namespace is None else f"namespaces/{namespace}"


def log_group(cluster_name: str, namespace: str | None = None) -> str:
    """Returns the name of a log group for containers. cluster_name: in AWS."""
    return f"/{cluster_name}/{group(namespace)}"


def script(cluster_name: str, settings: LogSettings) -> str:
    """Returns the text in Lua that is called for each record."""
    patterns = [*REDACTED.items(), *((own, "***") for own in settings.redact)]
    return "\n".join(
        (
            f"CLUSTER = {_text(cluster_name)}",
            f"KEPT_APART = {_table((name, _text(group(name))) for name in settings.namespaces)}",
            f"DROPPED = {_table((key.lower(), 'true') for key in settings.drop_keys)}",
            f"SECRET = {_table((key, 'true') for key in SECRET_KEYS)}",
            f"REDACTED = {{ {', '.join(f'{{ {_text(a)}, {_text(b)} }}' for a, b in patterns)} }}",
            (Path(__file__).parent / "records.lua").read_text(encoding="utf-8"),
        )
    )


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return f"{{ {', '.join(f'[{_text(key)}] = {value}' for key, value in rows)} }}"


def section(kind: str, *options: tuple[str, object]) -> str:
    """Returns a section of the classic form. An option may occur twice; one without a value is left out."""
    lines = (f"    {key} {value}" for key, value in options if value is not None)
    return "\n".join((f"[{kind}]", *lines, ""))


def configuration(cluster_name: str, region: str, settings: LogSettings) -> Mapping[str, str]:
    """Returns `config` of the chart's values."""
    return {
        "service": section(
            "SERVICE",
            ("Flush", 5),
            ("Grace", 30),
            ("Log_Level", "warn"),
            ("Parsers_File", "/fluent-bit/etc/parsers.conf"),
            ("Parsers_File", "/fluent-bit/etc/conf/custom_parsers.conf"),
            ("HTTP_Server", "On"),
            ("HTTP_Listen", "0.0.0.0"),  # noqa: S104 - Prometheus reads it; network policies close it to others
            ("HTTP_Port", PORT),
            # The kubelet would start it again while CloudWatch is away, which helps nobody; alerts tell of it instead.
            ("Health_Check", "Off"),
            ("scheduler.base", 5),
            ("scheduler.cap", 300),
            ("storage.path", f"{STATE}/chunks"),
            ("storage.sync", "normal"),
            ("storage.metrics", "On"),
            ("storage.max_chunks_up", 32),  # of about 2 MB in memory; the others wait on disk alone
            ("storage.backlog.mem_limit", "32M"),
            ("storage.delete_irrecoverable_chunks", "On"),
        ),
        "inputs": section(
            "INPUT",
            ("Name", "tail"),
            ("Alias", "containers"),
            ("Tag", "kube.*"),
            ("Path", "/var/log/containers/*.log"),
            ("Exclude_Path", "/var/log/containers/fluent-bit-*_logging_*.log"),  # an error about an error has no end
            ("multiline.parser", "cri"),
            ("DB", f"{STATE}/containers.db"),
            ("DB.locking", "On"),
            ("Read_from_Head", "On"),  # a pod may be faster than this one on a new node
            ("Refresh_Interval", 5),
            ("Rotate_Wait", 30),
            ("Skip_Long_Lines", "On"),  # containerd cuts lines at 16 KiB, and `cri` joins them
            ("Buffer_Max_Size", "256k"),
            ("storage.type", "filesystem"),
            ("storage.pause_on_chunks_overlimit", "Off"),  # kubelets rotate files away from one that waits
        ),
        "filters": "\n".join(
            (
                _joins("private_keys", "keys"),
                _joins("python_traces, java, go", "traces"),
                _calls("guard", "guard"),
                section(
                    "FILTER",
                    ("Name", "kubernetes"),
                    ("Alias", "metadata"),
                    ("Match", "kube.*"),
                    ("Kube_Tag_Prefix", PREFIX),
                    ("Merge_Log", "On"),
                    ("Merge_Log_Key", "fields"),
                    ("Keep_Log", "Off"),
                    ("Labels", "Off"),
                    ("Annotations", "Off"),
                    ("Owner_References", "On"),
                    ("Namespace_Labels", "On"),
                    ("K8S-Logging.Parser", "Off"),  # a pod would name `nginx`, which one line takes minutes
                    ("K8S-Logging.Exclude", "Off"),  # what a pod did is evidence: it cannot leave it out
                    ("Buffer_Size", 0),  # grows as an answer of the API server needs
                ),
                _calls("record", "records"),
            )
        ),
        "outputs": _output(cluster_name, region, settings),
        "customParsers": "\n".join(
            section(
                "MULTILINE_PARSER",
                *(("name", name), ("type", "regex"), ("flush_timeout", 1000)),
                *(("rule", f'"{state}" "/{pattern}/" "{then}"') for state, pattern, then in rules),
            )
            for name, rules in _JOINED.items()
        ),
    }


def _joins(parsers: str, alias: str) -> str:
    return section(
        "FILTER",
        ("Name", "multiline"),
        ("Alias", alias),
        ("Match", "kube.*"),
        ("multiline.key_content", "log"),
        ("multiline.parser", parsers),
        # Its own input in the middle would drop what is over its memory, and say so nowhere (5.1.1, run).
        ("buffer", "Off"),
    )


def _calls(function: str, alias: str) -> str:
    return section(
        "FILTER",
        ("Name", "lua"),
        ("Alias", alias),
        ("Match", "kube.*"),
        ("script", "/fluent-bit/scripts/records.lua"),
        ("call", function),
        ("protected_mode", "On"),
    )


def _output(cluster_name: str, region: str, settings: LogSettings) -> str:
    if settings.opensearch is not None:
        return _to_opensearch(region, settings.opensearch, settings)
    if settings.loki is not None:
        return _to_loki(settings.loki, settings)
    return _to_cloudwatch(cluster_name, region, settings)


def _waiting(settings: LogSettings) -> tuple[tuple[str, object], ...]:
    return (
        ("Match", "kube.*"),
        ("Retry_Limit", "no_limits"),  # what is lost is bounded by the disk, not by a number of tries
        ("storage.total_limit_size", f"{settings.buffer_gib}G"),
    )


def _to_cloudwatch(cluster_name: str, region: str, settings: LogSettings) -> str:
    return section(
        "OUTPUT",
        ("Name", "cloudwatch_logs"),
        ("Alias", "cloudwatch"),
        *_waiting(settings),
        ("region", region),
        ("log_group_name", log_group(cluster_name)),
        ("log_group_template", f"/{cluster_name}/$log_group"),
        ("log_stream_prefix", "unknown-"),
        ("log_stream_template", "$namespace.$pod.$container"),
        ("auto_create_group", "Off"),  # such a group has no key and no retention, and outlives the stack
    )


def _to_loki(loki: LokiSettings, settings: LogSettings) -> str:
    url = urlsplit(loki.url)
    tls = url.scheme == "https"
    return section(
        "OUTPUT",
        ("Name", "loki"),
        ("Alias", "loki"),
        *_waiting(settings),
        ("Host", url.hostname),
        ("Port", url.port or (443 if tls else 80)),
        ("tls", "On" if tls else "Off"),
        ("tenant_id", loki.tenant),
        ("labels", "job=containers"),
        ("label_keys", ", ".join(f"${key}" for key in LABELS)),  # each value of each is a stream: no pods
        ("structured_metadata", "pod=$pod, node=$node"),
        ("remove_keys", ", ".join((*LABELS, "pod", "node", "log_group"))),
        ("line_format", "json"),
    )


def _to_opensearch(region: str, domain: OpenSearchSettings, settings: LogSettings) -> str:
    return section(
        "OUTPUT",
        ("Name", "opensearch"),
        ("Alias", "opensearch"),
        *_waiting(settings),
        ("Host", domain.host),
        ("Port", 443),
        ("tls", "On"),
        ("AWS_Auth", "On"),
        ("AWS_Region", region),
        ("Suppress_Type_Name", "On"),
        ("Logstash_Format", "On"),
        ("Logstash_Prefix", domain.index),
        ("Replace_Dots", "On"),
        ("Generate_ID", "On"),  # a batch that is sent again is not stored twice
        ("Buffer_Size", "False"),
        ("compress", "gzip"),
    )
