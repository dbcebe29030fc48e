"""Questions over the network, with a fake web: tokens of registries, paged answers, long tables, failures."""

import io
import json
import subprocess
import sys
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from catalog.renew.asking import Answers, Question, ask


class Answer(io.BytesIO):
    def __init__(self, body: str, **headers: str) -> None:
        super().__init__(body.encode())
        self.headers = headers


class Web:
    """A fake web with answers by URL. asked: the requests that it received."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {url.replace("_", "/"): answer for url, answer in answers.items()}
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Any:
        self.asked.append(request)
        return self.answers[request.full_url.removeprefix("https://x.example")](request)


def test_pages_are_followed_and_saved_one_per_line(tmp_path: Path) -> None:
    web = Web(_tags=lambda request: Answer('{"tags": ["1"]}', Link='</more>; rel="next"'), _more=lambda r: Answer("{}"))
    question = Question(name="tags.json", url="https://x.example/tags", paged=True)
    ask(question, tmp_path / "tags.json", opener=web)
    assert Answers(tmp_path).json(question) == [{"tags": ["1"]}, {}], "a registry gives a thousand tags at a time"


def test_a_registry_that_requires_a_token_gives_one_to_everybody(tmp_path: Path) -> None:
    def tags(request: Request) -> Answer:
        if request.get_header("Authorization") == "Bearer t":
            return Answer('{"tags": ["2"]}')
        headers = Message()
        headers["WWW-Authenticate"] = 'Bearer realm="https://x.example/token",service="reg",scope="repository:a:pull"'
        raise HTTPError(request.full_url, 401, "Unauthorized", headers, None)

    web = Web(_tags=tags)
    web.answers["/token?service=reg&scope=repository%3Aa%3Apull"] = lambda request: Answer('{"token": "t"}')
    ask(Question(name="tags", url="https://x.example/tags"), tmp_path / "tags", opener=web)
    assert json.loads((tmp_path / "tags").read_text()) == {"tags": ["2"]}


def test_only_the_head_and_the_matching_lines_of_a_long_table_are_saved(tmp_path: Path) -> None:
    table = "".join(f"{number},{'OnDemand' if number > 7 else 'Reserved'}\n" for number in range(10))
    question = Question(name="t", url="https://x.example/t", only="OnDemand")
    ask(question, tmp_path / "t", opener=Web(_t=lambda request: Answer(table)))
    lines = Answers(tmp_path).lines(question)
    assert lines is not None
    assert [line[0] for line in lines] == list("01234589"), "reservations are most of a price list"


def test_a_command_is_run_unchanged_and_its_answer_is_saved(tmp_path: Path) -> None:
    question = Question(name="a", command=(sys.executable, "-c", "print('{\"a\": 1}')"))
    assert Answers(tmp_path, ask).json(question) == {"a": 1}
    assert Answers(tmp_path).json(question) == {"a": 1}, "the answer is saved"


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (Question(name="a", url="http://x.example/a"), "an encrypted connection"),
        (Question(name="a", command=(sys.executable, "-c", "raise SystemExit('AuthFailure')")), "AuthFailure"),
        (Question(name="a", command=("no-such-command-here",)), "no-such-command-here"),
    ],
)
def test_a_question_without_an_answer_is_named_and_leaves_no_file(
    tmp_path: Path, question: Question, reason: str
) -> None:
    answers = Answers(tmp_path, ask)
    assert answers.json(question) is None
    assert reason in answers.unanswered["a"]
    assert not list(tmp_path.iterdir()), "the next run would use half an answer as a whole one"


def test_with_saved_answers_no_command_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a command was run"))
    answers = Answers(tmp_path)
    assert answers.lines(Question(name="a", command=("aws",))) is None
    assert answers.unanswered == {"a": "no saved answer"}
