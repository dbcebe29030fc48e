"""Questions to public sources and to the account. Each answer is a file, so that it can be looked at and read again."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

NEXT_PAGE = re.compile(r'<([^>]+)>;\s*rel="?next"?')
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question, with the answer in a file of this name.

    url: of a public page. command: of the AWS CLI, which asks the account; one of the two.
    paged: the answer comes in pages; its file has one a line. only: of a table, keep the lines with this text, and the
        six at the top that say what it is.
    """

    name: str
    url: str = ""
    command: tuple[str, ...] = ()
    paged: bool = False
    only: str = ""


class Renewal(NamedTuple):
    """What comes of answers. files: the new text of each file. notes: what people should look at."""

    files: Mapping[Path, str]
    notes: list[str]


class Source(Protocol):
    """What a module of this package is. ACCOUNT: whether its questions go to an AWS account."""

    @property
    def ACCOUNT(self) -> bool: ...  # noqa: N802

    def questions(self) -> list[Question]: ...

    def renew(self, answers: Answers, today: date) -> Renewal: ...


class Answers:
    """Files of answers in a folder. ask: gets one that is not there; without it, there are no more than these.

    unanswered: names of the questions that got none, with the reason. What depends on them stays as it is.
    """

    def __init__(self, folder: Path, ask: Callable[[Question, Path], None] | None = None) -> None:
        self._folder, self._ask = folder, ask
        self.unanswered: dict[str, str] = {}

    def _path(self, question: Question) -> Path | None:
        path = self._folder / question.name
        if path.exists():
            return path
        if self._ask is None:
            self.unanswered[question.name] = "no saved answer"
            return None
        try:
            self._ask(question, path)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            self.unanswered[question.name] = said.strip().splitlines()[-1] if said.strip() else type(error).__name__
            path.unlink(missing_ok=True)
            return None
        return path

    def text(self, question: Question) -> str | None:
        path = self._path(question)
        return path.read_text(encoding="utf-8") if path else None

    def json(self, question: Question) -> Any:
        """The answer; None without one. A paged one is the list of its pages."""
        text = self.text(question)
        if text is None:
            return None
        return [json.loads(line) for line in text.splitlines()] if question.paged else json.loads(text)

    def lines(self, question: Question) -> Iterator[str] | None:
        """For answers that are too long to hold."""
        path = self._path(question)
        return _lines(path) if path else None


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from file


Opener = Callable[[Request], AbstractContextManager[Any]]


def ask(question: Question, target: Path, opener: Opener = urlopen) -> None:
    """Asks, and writes the answer. Raises OSError or CalledProcessError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if question.command:
        done = subprocess.run(question.command, capture_output=True, text=True, check=True)
        target.write_text(done.stdout, encoding="utf-8")
        return
    with target.open("wb") as file:
        url, head = question.url, 6
        while url:
            with _open(url, opener) as answer:
                if question.paged:
                    file.write(json.dumps(json.load(answer)).encode() + b"\n")
                elif question.only:
                    file.writelines(
                        line for at, line in enumerate(answer) if at < head or question.only.encode() in line
                    )
                else:
                    shutil.copyfileobj(answer, file)
                following = NEXT_PAGE.search(answer.headers.get("Link") or "") if question.paged else None
            url = _absolute(url, following[1]) if following else ""


def _open(url: str, opener: Opener) -> AbstractContextManager[Any]:
    """Opens a page; a registry that wants a token first says where anybody gets one."""
    try:
        return opener(_request(url))
    except HTTPError as refused:
        challenge = refused.headers.get("WWW-Authenticate", "")
        if refused.code != 401 or not challenge.startswith("Bearer "):
            raise
        said = dict(CHALLENGE.findall(challenge))
        with opener(_request(f"{said.pop('realm')}?{urlencode(said)}")) as answer:
            found = json.load(answer)
        return opener(_request(url, {"Authorization": f"Bearer {found.get('token') or found['access_token']}"}))


def _request(url: str, headers: Mapping[str, str] | None = None) -> Request:
    if not url.startswith("https://"):
        raise OSError(f"{url} is not asked: a fact comes over an encrypted line")
    return Request(url, headers={"User-Agent": "ml-platform-facts", **(headers or {})})  # noqa: S310


def _absolute(page: str, link: str) -> str:
    return link if "://" in link else "/".join(page.split("/")[:3]) + link
