"""Questions to public sources and to the account. Each answer is a file, so that people can inspect and reuse it."""

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
MANIFESTS = (  # of several platforms first: its digest names the image on each of them
    *("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"),
    *("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"),
)
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question. `name` is also the file name of the answer.

    A question has either a url, of a public page, or a command of the AWS CLI, which reads from the account.
    paged: the answer comes in pages; its file has one page per line. only: keep only the lines of a table that contain
        this text, and the six lines at the top that describe the table.
    """

    name: str
    url: str = ""
    command: tuple[str, ...] = ()
    paged: bool = False
    only: str = ""


class Renewal(NamedTuple):
    """The result of answers. files: the new text of each file. notes: messages for people."""

    files: Mapping[Path, str]
    notes: list[str]


class Source(Protocol):
    """The interface of a module of this package. ACCOUNT: True when its questions go to an AWS account."""

    @property
    def ACCOUNT(self) -> bool: ...  # noqa: N802

    def questions(self) -> list[Question]: ...

    def renew(self, answers: Answers, today: date) -> Renewal: ...


class Answers:
    """Files of answers in a folder. ask: gets an answer that has no file yet; without it, only saved answers are used.

    unanswered: the questions without an answer, by name, with the reason. Facts that depend on them stay unchanged.
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
            text = getattr(error, "stderr", None) or str(error)
            self.unanswered[question.name] = text.strip().splitlines()[-1] if text.strip() else type(error).__name__
            path.unlink(missing_ok=True)
            return None
        return path

    def text(self, question: Question) -> str | None:
        path = self._path(question)
        return path.read_text(encoding="utf-8") if path else None

    def content(self, question: Question) -> bytes | None:
        """Returns the bytes of an answer, as they came; None without an answer."""
        path = self._path(question)
        return path.read_bytes() if path else None

    def json(self, question: Question) -> Any:
        """Returns the parsed answer, for a paged question the list of its pages; None without an answer."""
        text = self.text(question)
        if text is None:
            return None
        return [json.loads(line) for line in text.splitlines()] if question.paged else json.loads(text)

    def lines(self, question: Question) -> Iterator[str] | None:
        """Yields the lines of an answer that is too long for memory; None without an answer."""
        path = self._path(question)
        return _lines(path) if path else None


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from file


Opener = Callable[[Request], AbstractContextManager[Any]]


def ask(question: Question, target: Path, opener: Opener = urlopen) -> None:
    """Gets the answer to a question and writes it to a file. Raises OSError or CalledProcessError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if question.command:
        completed = subprocess.run(question.command, capture_output=True, text=True, check=True)
        target.write_text(completed.stdout, encoding="utf-8")
        return
    with target.open("wb") as file:
        url, head = question.url, 6
        while url:
            with _open(url, opener) as answer:
                if question.paged:
                    file.write(json.dumps(json.load(answer)).encode() + b"\n")
                elif question.only:
                    file.writelines(
                        line for number, line in enumerate(answer) if number < head or question.only.encode() in line
                    )
                else:
                    shutil.copyfileobj(answer, file)
                following = NEXT_PAGE.search(answer.headers.get("Link") or "") if question.paged else None
            url = _absolute(url, following[1]) if following else ""


def _open(url: str, opener: Opener) -> AbstractContextManager[Any]:
    """Opens a page. A registry that requires a token names the URL that gives one to everybody."""
    try:
        return opener(_request(url))
    except HTTPError as error:
        challenge = error.headers.get("WWW-Authenticate", "")
        if error.code != 401 or not challenge.startswith("Bearer "):
            raise
        parameters = dict(CHALLENGE.findall(challenge))
        with opener(_request(f"{parameters.pop('realm')}?{urlencode(parameters)}")) as answer:
            grant = json.load(answer)
        return opener(_request(url, {"Authorization": f"Bearer {grant.get('token') or grant['access_token']}"}))


def _request(url: str, headers: Mapping[str, str] | None = None) -> Request:
    if not url.startswith("https://"):
        raise OSError(f"{url} is not read: facts must come over an encrypted connection")
    accepted = {"Accept": ", ".join(MANIFESTS)} if "/manifests/" in url else {}
    return Request(url, headers={"User-Agent": "ml-platform-facts", **accepted, **(headers or {})})  # noqa: S310


def _absolute(page: str, link: str) -> str:
    return link if "://" in link else "/".join(page.split("/")[:3]) + link
