"""The configuration of Fluent Bit, against the options that it knows; and what its script makes of a record, in LuaJIT.

`FLUENT_BIT=<program> make test TESTS=tests/components/observability` runs the whole of it in the real program. It is
built from the sources of v5.1.1 by CMake, with flex, bison, libyaml, OpenSSL and SQLite.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from catalog.rows import DATA
from components.observability.fluent_bit import (
    EVERY_GROUP,
    REDACTED,
    STATE,
    configuration,
    log_group,
    script,
)
from components.observability.rules.logs import GROUP
from settings.observability.logs import CONTENT_KEYS, LogSettings
from settings.observability.patterns import pattern_mistakes
from tests.facts.reading import facts

CLUSTER = "ml-platform-prod-main"
DOMAIN = {"domain": "platform-logs", "host": "search-platform-logs-a.us-west-2.es.amazonaws.com"}
LOKI = {"address": "http://loki.telemetry.svc:3100", "tenant": "ml"}
Section = tuple[str, list[tuple[str, str]]]


def logs(**changes: Any) -> LogSettings:
    return LogSettings.model_validate(changes)


WAYS = {
    "cloudwatch": logs(),
    "opensearch": logs(to="opensearch", opensearch=DOMAIN),
    "loki": logs(to="loki", loki=LOKI),
}


def sections(text: str) -> Iterator[Section]:
    """Reads the classic form. Source: fluent/fluent-bit-docs, classic-mode/format-schema.md; read 2026-11."""
    for head, body in re.findall(r"^\[(\w+)\]\n((?:    .*\n?)*)", text, re.MULTILINE):
        rows = [line.strip().split(maxsplit=1) for line in body.splitlines() if line.strip()]
        yield head, [(row[0].lower(), row[1] if len(row) > 1 else "") for row in rows]


def written(settings: LogSettings) -> list[Section]:
    return [each for text in configuration(CLUSTER, "us-west-2", settings).values() for each in sections(text)]


def plugin(settings: LogSettings, name: str) -> dict[str, str]:
    (found,) = [dict(rows) for _, rows in written(settings) if dict(rows).get("name") == name]
    return found


@pytest.mark.parametrize("settings", WAYS.values(), ids=WAYS)
def test_every_option_is_one_that_fluent_bit_knows(settings: LogSettings) -> None:
    known, found = facts("fluent_bit_options"), written(settings)
    heads = [head for head, _ in found]
    assert heads == ["SERVICE", "INPUT", *["FILTER"] * 5, "OUTPUT", *["MULTILINE_PARSER"] * 2]
    for head, rows in found:
        own = known["plugins"].get(dict(rows).get("name"), []) if head in ("INPUT", "FILTER", "OUTPUT") else []
        unknown = [key for key, _ in rows if key not in {*known[head], *own}]
        assert not unknown, f"{head} {dict(rows).get('name', '')} of Fluent Bit 5.1.1 has no such option"
        assert all(value for _, value in rows), "an option without a value takes the next line for one"


def test_helm_finds_nothing_of_its_own_in_it() -> None:
    texts = [*configuration(CLUSTER, "us-west-2", logs()).values(), script(CLUSTER, logs(redact=["a[{]b"]))]
    assert not [text for text in texts if "{{" in text], "the chart reads configuration and scripts as templates"


def test_what_cannot_be_sent_waits_on_disk_and_nothing_pauses() -> None:
    service = dict(next(rows for head, rows in written(logs()) if head == "SERVICE"))
    source = plugin(logs(), "tail")
    joins = [dict(rows) for _, rows in written(logs()) if ("name", "multiline") in rows]
    sent = plugin(logs(buffer_gib=7), "cloudwatch_logs")
    assert service["storage.path"].startswith(STATE), "it outlives the pod"
    assert (source["storage.type"], source["storage.pause_on_chunks_overlimit"]) == ("filesystem", "Off")
    assert service["storage.backlog.mem_limit"] == "32M", "what waits on disk is read in parts: the pod has 512 MiB"
    assert "mem_buf_limit" not in source, "the kubelet rotates files away from an input that pauses"
    assert {each["buffer"] for each in joins} == {"Off"}, "its own input drops what is over its memory, without a word"
    assert (sent["retry_limit"], sent["storage.total_limit_size"]) == ("no_limits", "7G")


def test_fluent_bit_makes_no_log_group_and_does_not_read_itself() -> None:
    assert plugin(logs(), "cloudwatch_logs")["auto_create_group"] == "Off"
    assert plugin(logs(), "tail")["exclude_path"] == "/var/log/containers/fluent-bit-*_logging_*.log"


def test_the_template_of_the_group_leads_to_the_groups_that_the_stack_makes() -> None:
    sent = plugin(logs(), "cloudwatch_logs")
    assert sent["log_group_template"] == log_group(CLUSTER).replace(EVERY_GROUP, "$log_group")
    assert sent["log_group_name"] == log_group(CLUSTER), "where a record has none"
    assert sent["log_stream_template"] == "$namespace.$pod.$container", "two containers of one pod write two streams"


@pytest.mark.parametrize(
    ("address", "host", "port", "tls"),
    [
        ("http://loki.telemetry.svc:3100", "loki.telemetry.svc", "3100", "Off"),
        ("http://loki.example.com", "loki.example.com", "80", "Off"),
        ("https://loki.example.com", "loki.example.com", "443", "On"),
    ],
)
def test_a_loki_is_called_as_its_address_says(address: str, host: str, port: str, tls: str) -> None:
    sent = plugin(logs(to="loki", loki={"address": address}), "loki")
    assert (sent["host"], sent["port"], sent["tls"]) == (host, port, tls)
    assert "pod" not in sent["label_keys"], "each pod would be a stream of its own"


PYTHON = """Traceback (most recent call last):
  File "x.py", line 1, in <module>
    main()
    ~~~~^^
ValueError: no

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "y.py", line 2, in f
torch.OutOfMemoryError: CUDA
after"""


def joined(lines: Sequence[str], parser: str = "python_traces") -> list[str]:
    """Joins lines as the rules of a parser say: the first rule of the state that a line fits leads to the next."""
    rows = next(rows for head, rows in written(logs()) if head == "MULTILINE_PARSER" and ("name", parser) in rows)
    rules = [re.findall(r'"(?:/(.*?)/|(.*?))"(?: |$)', value) for key, value in rows if key == "rule"]
    steps = [(state[1], re.compile(pattern[0]), then[1]) for state, pattern, then in rules]
    found: list[str] = []
    state = ""
    for line in lines:
        going = [then for at, pattern, then in steps if at == state and pattern.search(line)]
        if going:
            state, found[-1] = going[0], f"{found[-1]}\n{line}"
            continue
        begins = [then for at, pattern, then in steps if at == "start_state" and pattern.search(line)]
        state = begins[0] if begins else ""
        found.append(line)
    return found


def test_a_trace_of_python_is_one_event_with_carets_and_with_what_it_was_raised_from() -> None:
    assert joined(PYTHON.splitlines()) == [PYTHON.removesuffix("\nafter"), "after"]


def test_each_state_of_a_parser_has_a_rule_or_fluent_bit_does_not_start() -> None:
    parsers = [rows for head, rows in written(logs()) if head == "MULTILINE_PARSER"]
    assert len(parsers) == 2
    for rows in parsers:
        states = [re.findall(r'^"(\w+)".* "(\w+)"$', value)[0] for key, value in rows if key == "rule"]
        assert {then for _, then in states} <= {state for state, _ in states}


def test_so_is_one_of_a_rank_of_pytorch() -> None:
    lines = [f"[rank0]: {line}" for line in PYTHON.splitlines()]
    assert joined(lines) == ["\n".join(lines[:-1]), lines[-1]]


PEM = ["-----BEGIN RSA PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,0F", "", "MII+/=", "x9/="]


def test_a_private_key_in_lines_of_its_own_is_one_event_which_is_redacted() -> None:
    end = "-----END RSA PRIVATE KEY-----"
    lines = ["INFO: begins", *PEM, end, "done", "INFO: goes on"]
    assert joined(lines, "private_keys") == ["INFO: begins", "\n".join([*PEM, end]), "done", "INFO: goes on"]
    kept = made({"log": "\n".join([*PEM, end])})["log"]
    assert not {"MII+/=", "x9/="} & set(kept.splitlines()), kept
    cut = joined([*PEM, "ERROR: no", "x"], "private_keys")
    assert cut == ["\n".join(PEM), "ERROR: no", "x"], "lines after a key that has no end are events of their own"
    assert joined(["key '-----BEGIN PRIVATE KEY-----MII=", "next"], "private_keys")[1] == "next"


KEYS = {
    "PEM with a digit": ["-----BEGIN ED25519 PRIVATE KEY-----", "MII+/=", "x9/=", "-----END ED25519 PRIVATE KEY-----"],
    "PEM": ["-----BEGIN PRIVATE KEY-----", "MII+/=", "x9/=", "-----END PRIVATE KEY-----"],
    "PGP": [
        *(
            "-----BEGIN PGP PRIVATE KEY BLOCK-----",
            "Version: GnuPG v2",
            "Charset: utf-8",
            "Hash: x",
            "",
            "MII+/=",
            "x9/=",
            "=aBcD",
        ),
        "-----END PGP PRIVATE KEY BLOCK-----",
    ],
    "SSH2": [
        *("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", 'Comment: "a-b, \\', "c, \\", 'd e"', "X-own: 1", "MII+/="),
        "x9/=",
        "---- END SSH2 ENCRYPTED PRIVATE KEY ----",
    ],
}
BEFORE_A_KEY = {
    "message": ["Traceback (most recent call last):", '  File "x.py", line 1', "ValueError: {}"],
    "broken off": ["Traceback (most recent call last):", '  File "x.py", line 1, in <module>', "{}"],
    "message of a rank": [
        *("[rank0]: Traceback (most recent call last):", '[rank0]:   File "x.py", line 1', "[rank0]: ValueError: {}"),
    ],
    "line of code": ["Traceback (most recent call last):", '  File "x.py", line 1, in <module>', '    key = """{}'],
    "cause in Java": ["java.lang.RuntimeException: no", "    at x.Y.z(Y.java:1)", "Caused by: x.YException: {}"],
}


def with_key(before: str, kind: str) -> list[str]:
    """The lines of a trace in which a key begins; a rank stands before each of its lines, too."""
    first, *rest = KEYS[kind]
    *frames, message = BEFORE_A_KEY[before]
    rank = "[rank0]: " if message.startswith("[rank0]") else ""
    return [*frames, message.format(first), *(f"{rank}{line}" for line in rest)]


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("before", BEFORE_A_KEY)
def test_a_key_within_a_trace_is_one_event_before_the_trace_is_and_none_of_it_stays(before: str, kind: str) -> None:
    lines, count = with_key(before, kind), len(BEFORE_A_KEY[before]) - 1
    filters = [rows for _, rows in written(logs()) if ("name", "multiline") in rows]
    first, second = [dict(rows)["multiline.parser"] for rows in filters]
    assert (first, second.split(", ")[0]) == ("private_keys", "python_traces")
    events = joined([*lines, "after"], first)
    assert events == [*lines[:count], "\n".join(lines[count:]), "after"]
    for event in joined(events):
        assert not {"MII", "x9/", "aBcD"} & set(re.findall("MII|x9/|aBcD", made({"log": event})["log"]))


# --- the script


def table(lua: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return lua.table_from({key: table(lua, each) for key, each in value.items()})
    return lua.table_from([table(lua, each) for each in value]) if isinstance(value, list) else value


def plain(value: Any) -> Any:
    if not hasattr(value, "items"):
        return value
    rows = {key: plain(each) for key, each in value.items()}
    return list(rows.values()) if rows and all(isinstance(key, int) for key in rows) else rows


POD = {"namespace_name": "inference", "pod_name": "chat-0", "container_name": "server", "host": "node-1"}
NAMESPACE = {"name": "inference", "labels": {"ml-platform/team": "serving"}}


def loaded(settings: LogSettings | None = None) -> Any:
    """The script in a LuaJIT, as Fluent Bit has it."""
    luajit = pytest.importorskip("lupa.luajit21")
    lua = luajit.LuaRuntime(unpack_returned_tuples=True)
    lua.execute(script(CLUSTER, settings or logs()))
    return lua


def made(given: Mapping[str, Any], settings: LogSettings | None = None) -> dict[str, Any]:
    """What the script makes of a record."""
    lua = loaded(settings)
    whole = {"stream": "stdout", "kubernetes": POD, "kubernetes_namespace": NAMESPACE, **given}
    code, timestamp, record = lua.globals().record("kube.x", 1.5, table(lua, whole))
    assert (code, timestamp) == (2, 1.5), "2: the record is another one, and its time stays"
    result: dict[str, Any] = plain(record)
    return result


def test_a_record_says_whose_it_is() -> None:
    owner = {"ownerReferences": [{"kind": "StatefulSet"}]}
    assert made({"log": "hello", "kubernetes": {**POD, **owner}}) == {
        "log": "hello",
        "cluster_name": CLUSTER,
        "namespace": "inference",
        "team": "serving",
        "resource_type": "statefulset",
        "pod": "chat-0",
        "container": "server",
        "node": "node-1",
        "stream": "stdout",
        "log_group": "containers",
    }


def test_a_record_without_what_kubernetes_knows_of_it_is_sent_all_the_same() -> None:
    assert made({"log": "hello", "kubernetes": None, "kubernetes_namespace": None})["log_group"] == "containers"


def test_fields_of_json_stand_at_the_top_and_none_replaces_ours() -> None:
    fields = {"level": "info", "trace_id": "abc", "team": "root", "log_group": "namespaces/other", "namespace": "x"}
    record = made({"fields": fields})
    assert (record["level"], record["trace_id"]) == ("info", "abc")
    assert (record["team"], record["log_group"], record["namespace"]) == ("serving", "containers", "inference")


def test_a_namespace_that_is_kept_apart_has_a_group_of_its_own() -> None:
    settings = logs(namespaces={"inference": {"retention_days": 7}})
    record = made({"log": "x"}, settings)
    assert log_group(CLUSTER, "inference") == f"/{CLUSTER}/{record['log_group']}"


BODY = "\nMII+/=\n"
KEY = f"PRIVATE KEY-----{BODY}-----END RSA PRIVATE KEY-----"
SECRETS = {
    "bearer": ("Authorization: Bearer abc.def-_~+/=", "Authorization: Bearer ***"),
    "basic": ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic ***"),
    "token": ("x%3DeyJhbGci.eyJzdWIi.c2ln-_ end", "x%3DeyJhbGci.*** end"),
    "access key": ("key AKIAABCDEFGHIJKLMNOP.", "key ***."),
    "temporary one": ("ASIAABCDEFGHIJKLMNOP", "***"),
    "secret key": ("AWS_SECRET_ACCESS_KEY=abc/def+g=", "AWS_SECRET_ACCESS_KEY=***"),
    "secret key in JSON": ('"SecretAccessKey": "abc/def"', '"SecretAccessKey": "***"'),
    "session": ('"SessionToken":"IQoJb3+/="', '"SessionToken":"***"'),
    "password": ("password=hunter2&x=1", "password=***&x=1"),
    "API key": ("api_key: abc-123, model", "api_key: ***, model"),
    "address": ("postgres://user:secret@db:5432/x", "postgres://user:***@db:5432/x"),
    "private key": (f"-----BEGIN RSA {KEY} x", f"-----BEGIN RSA {KEY.replace(BODY, '***')} x"),
    "private key of any kind": (f"-----BEGIN {KEY}", f"-----BEGIN {KEY.replace(BODY, '***')}"),
    "private key that is cut off": (f"-----BEGIN EC PRIVATE KEY-----{BODY}", "-----BEGIN EC PRIVATE KEY-----***"),
    "private key of PGP": (
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nComment: a-b\n\nMII=\n-----END PGP PRIVATE KEY BLOCK-----",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----***",
    ),
    "private key of SSH2": (
        '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "a-b"\nMII=\n---- END SSH2 ENCRYPTED PRIVATE KEY ----',
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----***",
    ),
    "private key with a password": ("DEK-Info: AES-128-CBC,0F\n\nMII=\n-----END", "DEK-Info: AES-128-CBC,***-----END"),
    "Hugging Face": ("hf_abcdefghijklmnopqrstuvwx", "***"),
    "GitHub": ("ghp_abcdefghijklmnopqrstuvwx", "***"),
    "model provider": ("sk-proj-abcdefghijklmnopqrstuvwx", "***"),
    "Slack": ("xoxb-123-abc", "***"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_becomes_stars(name: str) -> None:
    line, left = SECRETS[name]
    assert made({"log": line})["log"] == left
    assert made({"fields": {"deep": [{"er": line}]}})["deep"] == [{"er": left}]


def test_there_is_a_case_for_each_pattern() -> None:
    assert len(SECRETS) >= len(REDACTED)


@pytest.mark.parametrize(
    "line",
    ["GET /v1/models 200 12ms", "task-1 asked basic things", "loss=0.25 step=100", "s3://bucket/path@v1", "risk-abc"],
)
def test_an_ordinary_line_stays_as_it_is(line: str) -> None:
    assert made({"log": line})["log"] == line


WORST = {
    "eyJ": "",
    ".eyJ": "",
    ".eyJa.": "",
    "Bearer ": "",
    " ": "Bearer",
    "\t": "basic",
    "A": "basic ",
    "AKIA": "",
    "  ": "secret_access_key",
    "\t ": "secret_access_key:",
    " \t": "session_token",
    "   ": "password=",
    "api_key=": "",
    "\t\t": "api-key",
    "://": "",
    "://a:": "",
    "a": "://",
    "b": "://a:",
    "-BEGIN PRIVATE KEY-----": "",
    "B": "-BEGIN ",
    "PRIVATE KEY": "-BEGIN ",
    "-BEGIN PGP PRIVATE KEY BLOCK-----": "",
    "- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----": "",
    "DEK-Info: ": "",
    "-": "DEK-Info: ",
    "hf_": "",
    "ghp_": "",
    "sk-": "",
    "xoxb-": "",
}
"""What is repeated -> what stands before it: lines that are the worst for one pattern each."""


def seconds(lua: Any, line: str) -> float:
    """How long the script takes for a line, the best of three."""
    whole = table(lua, {"log": line})
    lua.globals().record("kube.x", 1.5, whole)
    times = []
    for _ in range(3):
        whole = table(lua, {"log": line})
        begin = time.process_time()
        lua.globals().record("kube.x", 1.5, whole)
        times.append(time.process_time() - begin)
    return min(times)


@pytest.mark.parametrize("again", WORST)
def test_a_line_made_for_a_pattern_takes_time_in_proportion_to_its_length(again: str) -> None:
    lua, before = loaded(), WORST[again]
    short, long = (seconds(lua, before + again * (length // len(again))) for length in (5_000, 20_000))
    assert long < 9 * short + 0.005, "with its square, 16 times as long; one line would stop the logs of a node"


def test_each_pattern_is_one_that_the_stack_file_might_have() -> None:
    assert not [mistake for pattern in REDACTED for mistake in pattern_mistakes(pattern)]


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("%f[%w.][%w.]+@%w+", "aa." * 30_000),
        ("%f[%w.][%w.]+@%w+", "a@" * 40_000),
        ("EMP%-%d+x", "EMP-" + "1" * 80_000),
        ("EMP%-%d+x", "EMP-1" * 16_000),
        ("^%s+$", " " * 80_000 + "x"),
        ("-_?y?[^-]-%-", "-y" * 40_000),
        (":%a+:%d*%-", ":a:1" * 20_000),
    ],
)
def test_so_does_one_for_a_pattern_that_the_stack_file_may_have(pattern: str, line: str) -> None:
    lua = loaded(logs(redact=[pattern]))
    assert seconds(lua, line) < 9 * seconds(lua, line[: len(line) // 4]) + 0.002


def test_patterns_of_the_stack_file_redact_too() -> None:
    assert made({"log": "by EMP-123456"}, logs(redact=["EMP%-%d%d%d%d%d%d"]))["log"] == "by ***"


def test_what_people_ask_a_model_is_dropped_at_any_depth_and_the_value_of_a_secret_key_too() -> None:
    asked = {key.upper(): "private" for key in CONTENT_KEYS}
    record = made({"fields": {**asked, "request": {"Messages": ["private"], "n": 1, "Password": 7}, "token": "t"}})
    assert "private" not in json.dumps(record)
    assert (record["request"], record["token"]) == ({"n": 1, "Password": "***"}, "***")
    assert made({"fields": {"prompt": "kept"}}, logs(drop_keys=[]))["prompt"] == "kept"


def guarded(log: object) -> tuple[int, object]:
    """What stands in `log` when its JSON is about to be read. The number is 0 for a record that is as it was."""
    lua = loaded()
    code, _, record = lua.globals().guard("kube.x", 1.5, table(lua, {"log": log}))
    return code, record["log"]


def nested(depth: int, text: str = "1") -> str:
    return '{"a":' + "[" * depth + text + "]" * depth + "}"


MASK = '"\\u\\"'
"""A text that is at its end for Fluent Bit 5.1.1, and not for who knows the escapes of JSON."""
LEFT_OUT = "left out: {} bytes of JSON, too deep or with too many brackets"


@pytest.mark.parametrize("first", ["", " \t", "{} ", f'{{"a":[{MASK},', '{"a":"]]]]",'])
@pytest.mark.parametrize("depth", [100_000, 20_000, 60])
def test_json_so_deep_that_reading_it_ends_or_blinds_fluent_bit_is_left_out(first: str, depth: int) -> None:
    for deep in (nested(depth), nested(depth, '["]]"]'), '{"a":' * (depth + 1) + "1" + "}" * (depth + 1)):
        line = first + deep
        assert guarded(line) == (2, LEFT_OUT.format(len(line)))


@pytest.mark.parametrize("end", ['\\u"', '\\u00\\"41"', '\\\\"', '\\"\\u\\"'])
def test_brackets_are_not_hidden_in_what_only_looks_like_a_string(end: str) -> None:
    line = '{"a":["' + end + "," + "[" * 70 + "1" + "]" * 70 + ',"]}'
    assert guarded(line) == (2, LEFT_OUT.format(len(line)))


@pytest.mark.parametrize("first", ["1 ", "-1 ", '"a" ', "true ", "null ", "[] ", " [", "x ", "", "2026 {}"])
def test_a_line_of_brackets_that_begins_with_anything_but_an_object_is_not_read(first: str) -> None:
    line = first + "[" * 100_000 + "]" * 100_000
    lua = loaded()
    code, _, record = lua.globals().guard("kube.x", 1.5, table(lua, {"log": line, "stream": "stdout"}))
    assert (code, plain(record)) == (2, {"text": line, "stream": "stdout"}), "Fluent Bit reads JSON in `log` alone"
    assert made({"log": None, "text": f"{line} Bearer abc"})["log"] == f"{line} Bearer ***"


def test_a_long_line_in_json_is_read_so_that_what_people_ask_is_found_in_it() -> None:
    prompt = json.dumps({"prompt": '["\\"[[{\u00e9\U0001f600\\u\\' * 2_000, "rows": [[1], [2]] * 400})
    for line in (prompt, nested(59, json.dumps("x" * 40_000)), "[" * 60, "x" * 40_000, "x" * 60 + "{{{"):
        assert guarded(line) == (0, line)
    assert guarded(None)[0] == 0
    many = json.dumps({"rows": [[1]] * 10_000})
    assert guarded(many) == (2, LEFT_OUT.format(len(many))), "one more is too many, wherever they are"


def test_a_record_that_cannot_be_redacted_is_left_out() -> None:
    lua = loaded()
    lua.execute("REDACTED[1][1] = '['")
    _, _, record = lua.globals().record("kube.x", 1.5, table(lua, {"log": "Bearer abc", "kubernetes": POD}))
    assert (record["log"], record["namespace"]) == ("left out: it could not be redacted", "inference")


def test_no_pod_chooses_a_parser_or_leaves_its_logs_out() -> None:
    options = plugin(logs(), "kubernetes")
    assert (options["k8s-logging.parser"], options["k8s-logging.exclude"]) == ("Off", "Off")


def test_the_guard_stands_before_what_reads_json() -> None:
    filters = [dict(rows) for head, rows in written(logs()) if head == "FILTER"]
    assert [each.get("call", each["name"]) for each in filters] == [
        "multiline",
        "multiline",
        "guard",
        "kubernetes",
        "record",
    ]


def test_alerts_name_metrics_that_fluent_bit_serves() -> None:
    served = json.loads((DATA / "metrics" / "fluent-bit.json").read_text(encoding="utf-8"))["metrics"]
    named = {name for rule in GROUP.rules for name in re.findall(r"\bfluentbit_\w+", rule.expr)}
    assert named
    assert named <= set(served)
