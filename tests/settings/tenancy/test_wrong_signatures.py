"""Each mistake of `admission.kyverno` and `admission.signatures` is told at its path, with the way out."""

from typing import Any

import pytest

from catalog.regions import REGIONS
from settings.core.physical_names import registry
from tests.settings.stacks import problems, stack

PUBLIC = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEW+2WZarUdkNqMgpTFnRaRl/5Hcrl
2REjIUKgV/DzfnCz0L4uEpYy7ZEk4WwZKZUJtyoLNqFLhj8xWT/S1MTcLQ==
-----END PUBLIC KEY-----
"""
OTHER = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEX8hiwxprbDgeQDMb9asBax1MfokJ
RD+L1uSqNxGcMGcT9iioRba6ZMxa8FMjTfWPBpNvcdbq4guXDDDNYn1Qzw==
-----END PUBLIC KEY-----
"""
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBhjCCASugAwIBAgIUJ0LToUSHxMP0yM7Vt11H1ri6fuIwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNaW1hZ2Utc2lnbmluZzAeFw0yNjExMjkxNjIyMjVaFw0zNjEx
MjYxNjIyMjVaMBgxFjAUBgNVBAMMDWltYWdlLXNpZ25pbmcwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAARb7ZZlqtR2Q2oyClMWdFpGX/kdyuXZESMhQqBX8PN+cLPQ
vi4SljLtkSThbBkplQm3Kgs2oUuGPzFZP9LUxNwto1MwUTAdBgNVHQ4EFgQUVgiu
0ERnvzRLjAQb29Yq+qe18AkwHwYDVR0jBBgwFoAUVgiu0ERnvzRLjAQb29Yq+qe1
8AkwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA9jPF65K0EE54
T5xqPQlQAq25Y68TH7b6100xp0b5iR8CIQDIzFxBqOf2DriF35j2UztrIxhuMZ1d
LO7ajN0yf38epQ==
-----END CERTIFICATE-----
"""
PRIVATE_BODY = "MHcCAQEEIKp0aHJlZS13b3Jkcy1hbmQtYS1jYW5hcnktaW4tYS1rZXk="
PRIVATE = (
    f"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n{PRIVATE_BODY}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----"
)
HOST = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
IMAGES = f"{HOST}/research/*"
ISSUER = "https://token.actions.githubusercontent.com"
TEAMS = [{"name": "research", "namespaces": ["research"]}]
OWN = f"{HOST}/ml-platform-prod"


def signed(**changes: Any) -> dict[str, Any]:
    return {"kyverno": {}, "signatures": {"images": [IMAGES], "keys": [PUBLIC], **changes}}


def by(**identity: Any) -> dict[str, Any]:
    return signed(keys=[], identities=[{"issuer": ISSUER, **identity}])


def named(image: str) -> dict[str, Any]:
    return signed(images=[image])


def elsewhere(image: str) -> dict[str, Any]:
    return {**named(image), "registries": [image.partition("/")[0]]}


def labelled(body: str, label: str) -> str:
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


SIGNATURES = "admission.signatures"
MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: (the settings, the path of the problem, the end of the message)
    "nobody verifies": ({"signatures": signed()["signatures"]}, "admission", "or drop signatures."),
    "nobody signs": (signed(keys=[]), SIGNATURES, "Write keys, identities or certificates."),
    "no images": (signed(images=[]), f"{SIGNATURES}.images", ""),
    "every image": (named("*"), f"{SIGNATURES}.images", "team/*."),
    "any registry": (named("*.amazonaws.com/team/*"), f"{SIGNATURES}.images", "team/*."),
    "a scheme": (named(f"https://{IMAGES}"), f"{SIGNATURES}.images", "team/*."),
    "one tag": (named(f"{HOST}/research/train:v1"), f"{SIGNATURES}.images", "as in team/app*."),
    "some tags": (named(f"{HOST}/research/train:v*"), f"{SIGNATURES}.images", "as in team/app*."),
    "tags of all": (named(f"{HOST}/*:v*"), f"{SIGNATURES}.images", "as in team/app*."),
    "some digests": (named(f"{HOST}/research/train@sha256:ab*"), f"{SIGNATURES}.images", "as in team/app*."),
    "one repository": (named(f"{HOST}/research/train"), f"{SIGNATURES}.images", "as in team/app*."),
    "tags, and no digests": (named(f"{HOST}/research/train:*"), f"{SIGNATURES}.images", "as in team/app*."),
    "the mesh's proxy": (named("cr.l5d.io/linkerd/proxy*"), SIGNATURES, "or in identities who signs these."),
    "Kyverno itself": (named("reg.kyverno.io/kyverno/*"), SIGNATURES, "or in identities who signs these."),
    "add-ons of EKS": (
        named("602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/*"),
        SIGNATURES,
        "or in identities who signs these.",
    ),
    **{
        f"add-ons of EKS in {region}": (
            named(f"{registry(REGIONS[region].eks_account, region)}/eks/*"),
            SIGNATURES,
            "or in identities who signs these.",
        )
        for region in ("eu-south-2", "us-gov-west-1")
    },
    **{
        f"images that others build: {image}": (named(image), SIGNATURES, "or in identities who signs these.")
        for image in (
            *("docker.io/library/*", "docker.io/pytorch/pytorch*", "public.ecr.aws/docker/library/*"),
            *("quay.io/thanos/*", "docker.io/velero/*", "ghcr.io:443/linkerd/*", "registry.k8s.io/*"),
            "763104351884.dkr.ecr.us-west-2.amazonaws.com/pytorch-training*",
        )
    },
    **{
        f"everybody's images: {image}": (named(image), f"{SIGNATURES}.images", f"as in {host}/example/app*.")
        for image, host in {
            "ghcr.io/*": "ghcr.io",
            "public.ecr.aws/*": "public.ecr.aws",
            "public.ecr.aws/e*": "public.ecr.aws",
            "ghcr.io/*/app*": "ghcr.io",
            "docker.io/library*": "docker.io",
            "registry-1.docker.io/*": "registry-1.docker.io",
            "europe-docker.pkg.dev/*": "europe-docker.pkg.dev",
        }.items()
    },
    "images twice": (signed(images=[IMAGES, IMAGES]), f"{SIGNATURES}.images", "Name each once."),
    "a key that is none": (
        signed(keys=["cosign.pub"]),
        f"{SIGNATURES}.keys",
        "Write what `cosign public-key --key KEY` prints.",
    ),
    "a certificate for a key": (
        signed(keys=[PUBLIC.replace("PUBLIC KEY", "CERTIFICATE")]),
        f"{SIGNATURES}.keys",
        "prints.",
    ),
    "a key without its beginning": (signed(keys=[PUBLIC.replace("MFkw", "Fkw")]), f"{SIGNATURES}.keys", "prints."),
    "a key without its end": (signed(keys=[PUBLIC.replace("S1MTcLQ==", "S1Q==")]), f"{SIGNATURES}.keys", "prints."),
    "a key with more behind it": (
        signed(keys=[PUBLIC.replace("S1MTcLQ==", "S1MTcLQA=")]),
        f"{SIGNATURES}.keys",
        "prints.",
    ),
    "DER that is no key": (signed(keys=[labelled("MAA=", "PUBLIC KEY")]), f"{SIGNATURES}.keys", "prints."),
    "a certificate called a key": (
        signed(keys=[CERTIFICATE.replace("CERTIFICATE", "PUBLIC KEY")]),
        f"{SIGNATURES}.keys",
        "prints.",
    ),
    "a key called a certificate": (
        signed(certificates=[PUBLIC.replace("PUBLIC KEY", "CERTIFICATE")]),
        f"{SIGNATURES}.certificates",
        "prints.",
    ),
    "a key twice": (signed(keys=[PUBLIC, PUBLIC.strip()]), f"{SIGNATURES}.keys", "Write each once."),
    "a key as certificate": (
        signed(certificates=[PUBLIC]),
        f"{SIGNATURES}.certificates",
        "`openssl x509 -in FILE` prints.",
    ),
    "anybody at the issuer": (by(), f"{SIGNATURES}.identities[0]", "Write one of them."),
    "two subjects": (by(subject="a", subject_pattern="^a$"), f"{SIGNATURES}.identities[0]", "Write one of them."),
    "a pattern in the middle": (
        by(subject_pattern="github.com/example"),
        f"{SIGNATURES}.identities[0]",
        "Begin with ^ and end with $.",
    ),
    **{
        what: (by(subject_pattern=pattern), f"{SIGNATURES}.identities[0]", "neither nested nor repeated.")
        for what, pattern in {
            "no pattern": "^(a$",
            "classes in no order": "^[z-a]$",
            "sides without an end": "^https://github.com/a|https://github.com/b$",
            "look-around": r"^(?!x)https://github\.com/a$",
            "possessive": "^a++$",
            "a group with a name": "^(?P<a>x)(?P=a)$",
            "an end that is a character": r"^https://github\.com/a\$",
            "repeated twice": "^(a+)+$",
            "a search that takes hours": f"^https://github\\.com/a/{'.*' * 12}x$",
            "a search through what may be missing": f"^{'.?' * 60}x$",
            "a group that is not captured": r"^https://github\.com/(?:a|b)/.*$",
        }.items()
    },
    **{
        what: (
            by(subject_pattern=pattern),
            f"{SIGNATURES}.identities[0]",
            r"to its /, in ^https://git\.example\.com/.*$ or in ^.*@example\.com$.",
        )
        for what, pattern in {
            "everybody": "^.*$",
            "everybody with a name": "^.+$",
            "everybody but few": "^[^+]+$",
            "everybody's main branch": "^.*@refs/heads/main$",
            "everybody with an address": r"^[a-z]+@.*\.com$",
        }.items()
    },
    **{
        what: (
            by(subject_pattern=pattern),
            f"{SIGNATURES}.identities[0]",
            r"to its /, in ^https://git\.example\.com/.*$ or in ^.*@example\.com$.",
        )
        for what, pattern in {
            "everybody on GitHub": r"^https://github\.com/.*$",
            "everybody on GitLab": r"^https://gitlab\.com/[^@]+@.*$",
            "owners that begin alike": r"^https://github\.com/example.*$",
            "owners that begin alike, and a workflow": r"^https://github.com/example[^/]*/app/build\.yaml@.*$",
            "owners that end alike": r"^https://github\.com/[a-z]+-example/app/.*$",
            "a repository of anybody": r"^https://github\.com/[^/]+/app/\.github/workflows/build\.yaml@.*$",
            "an owner with any character": r"^https://github\.com/ex.mple/.*$",
            "one of two owners that is open": r"^https://github\.com/(example|o.*)/app/.*$",
            "an owner whose / may be left out": r"^https://github\.com/example/?.*$",
        }.items()
    },
    **{
        f"alternatives first, {what}": (
            by(subject_pattern=pattern),
            f"{SIGNATURES}.identities[0]",
            r"to its /, in ^https://git\.example\.com/.*$ or in ^.*@example\.com$.",
        )
        for what, pattern in {
            "one of anybody": r"^(https://github\.com/example/.*|https://github\.com/[^/]+/example/.*)$",
            "both of somebody": r"^(https://github\.com/example/.*|https://github\.com/other/.*)$",
            "behind the scheme": r"^https://(github\.com/example|github\.com/[^/]+/x)/.*$",
            "behind a letter": r"^h(ttps://example.com/.*|ttps://github\.com/[^/]+/example/.*)$",
            "behind the host": r"^https://github\.com(/[^/]+/example/.*)$",
            "a mail or anybody": r"^(ci@example\.com|.*/example/.*)$",
            "of a host in brackets": r"^(https://github[.]com/example/.*|https://github[.]com/[^/]+/example/.*)$",
            "a host in brackets": r"^https://github[.]com/[^/]+/example/.*$",
            "a host with any character": r"^https://g.thub\.com/[^/]+/example/.*$",
            "a host by its parts": r"^https://git(hub|lab)\.com/[^/]+/example/.*$",
            "any owner at a host of one's own": r"^https://git\.example\.com/[^/]+/app//\.gitlab-ci\.yml@refs/heads/main$",
            "any customer": r"^https://buildkite\.com/[^/]+/release$",
            "all customers": r"^https://g\.codefresh\.io/.*$",
            "mails of everybody": r"^.*@gmail\.com$",
            "any project": r"^[0-9]+@cloudbuild\.gserviceaccount\.com$",
            "any account": r"^.*@users\.noreply\.github\.com$",
            "a mail with any character": r"^jane.doe@gmail\.com$",
            "a domain with any character": r"^.*@ci.example.com$",
            "a group with any character": r"^https://gitlab\.com/my.group/app//\.gitlab-ci\.yml@refs/heads/main$",
            "a host with dots that are none": r"^https://github.com/example/app/.*$",
            "an owner at a host of one's own whose / may be left out": r"^https://git\.example\.com/team/?.*$",
            "a first name that goes on": r"^https://git\.example\.com/team.*$",
            "any name before a ref": r"^https://git\.example\.com/.*@refs/heads/main$",
            "agents of any project": r"^service-[0-9]+@gcp-sa-cloudbuild\.iam\.gserviceaccount\.com$",
            "an agent of Google of any project": r"^[0-9]+@cloudservices\.gserviceaccount\.com$",
            "the account of any application": r"^.*@appspot\.gserviceaccount\.com$",
            "an agent of any project": r"^service-[0-9]+@serverless-robot-prod\.iam\.gserviceaccount\.com$",
            "agents of any project, by any name": r"^.*@gcp-sa-cloudbuild\.iam\.gserviceaccount\.com$",
            "any customer of another": r"^https://buildkite\.com/.*$",
            "no domain": r"^.*@da39a3ee5e6b4b0d3255bfef95601890afd80709$",
            "a repository before an address": r"^https://github\.com/[^/]+/app@example\.com$",
            "no owner": r"^https://github\.com/(|example)/.*$",
            "a mail of any domain": r"^(ci|.*@example)\.com$",
            "hosts of others": r"^(https://ci\.example\.com/a|https://ci\.example\.com/[^/]+/a)$",
        }.items()
    },
    "a pattern as subject": (by(subject="https://github.com/example/*"), f"{SIGNATURES}.identities[0].subject", ""),
    "an issuer with a star": (by(subject="a", issuer="https://*"), f"{SIGNATURES}.identities[0].issuer", ""),
    "a repository without a name": (named(f"{HOST}//research/*"), f"{SIGNATURES}.images", "team/*."),
    "a registry of another region": (
        named(f"{HOST.replace('us-west-2', 'us-west-1')}/research/*"),
        f"{SIGNATURES}.images[0]",
        f"registries that are let in: {HOST}. Add its registry to admission.registries, or drop it.",
    ),
    "a registry by its port": (named(f"{HOST}:443/research/*"), f"{SIGNATURES}.images[0]", "or drop it."),
    "a registry that nobody named": (
        named("ghcr.io/example/*"),
        f"{SIGNATURES}.images[0]",
        "<account_id>.dkr.ecr.us-west-2.amazonaws.com. Add its registry to admission.registries, or drop it.",
    ),
    "an issuer without TLS": (by(subject="a", issuer="http://example.com"), f"{SIGNATURES}.identities[0].issuer", ""),
    "images by another name pass": (
        {**signed(mode="deny"), "mode": "warn"},
        "admission",
        "or signatures.mode: audit.",
    ),
    "left out in any case": (
        {"kyverno": {"namespaces_left_out": ["kube-system"]}},
        "admission.kyverno.namespaces_left_out",
        "is left out in any case. Drop it.",
    ),
    "a team left out": (
        {**signed(), "kyverno": {"namespaces_left_out": ["research"]}},
        "admission.kyverno.namespaces_left_out[0]",
        "or drop signatures.",
    ),
    "a registry that is not let in": (
        {**signed(), "registries": ["ghcr.io/example"]},
        f"{SIGNATURES}.images[0]",
        "or drop it.",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_way_out(name: str) -> None:
    admission, path, advice = MISTAKES[name]
    (problem,) = problems(stack((("admission",), admission), (("teams",), TEAMS)))
    assert problem.path == path
    assert problem.message.endswith(advice)


@pytest.mark.parametrize("place", ["keys", "certificates"])
def test_a_private_key_is_refused_and_not_repeated(place: str) -> None:
    (found,) = problems(stack((("admission",), signed(**{place: [PRIVATE]})), (("teams",), TEAMS)))
    assert found.path == f"{SIGNATURES}.{place}[0]", "told once, where it stands"
    assert "holds a private key" in found.message
    assert found.message.endswith("and write its public key or certificate here.")
    assert PRIVATE_BODY not in found.message


def test_what_the_platform_takes() -> None:
    right = [
        signed(),
        signed(mode="deny"),
        signed(images=[f"{HOST}/research/train*", f"{HOST}/research/*"]),
        elsewhere("registry.example.com:5000/team/*"),
        elsewhere("registry.example.com/*"),
        {**named("registry.example.com/*"), "registries": ["registry.example.com/team"]},
        {**named("registry.example.com/team/app*"), "registries": ["registry.example.com/team"]},
        elsewhere("ghcr.io/example/*"),
        elsewhere("eu.gcr.io/example/app*"),
        by(subject_pattern=r"^https://github\.com/example/app/.*@refs/tags/v[0-9.]+$"),
        by(subject_pattern=r"^https://github\.com/example/[^/]+/\.github/workflows/(build|release)\.ya?ml@refs/.*$"),
        by(subject_pattern=r"^https://gitlab\.com/(example|other\.one)/app//\.gitlab-ci\.yml@refs/heads/main$"),
        by(subject_pattern=r"^https://github\.com/(example/app|example/other)/.*$"),
        by(subject_pattern=r"^[a-z]+\+ci@example\.com$"),
        by(subject_pattern=r"^(ci|release)@example\.com$"),
        by(subject_pattern=r"^ci@gitlab\.company\.com$"),
        by(subject_pattern=r"^41898282\+ci@users\.noreply\.github\.com$"),
        by(subject_pattern=r"^.*@example\.com$"),
        by(subject_pattern=r"^[^@]+@example\.com$"),
        by(subject_pattern=r"^.*@myproject\.iam\.gserviceaccount\.com$"),
        by(subject_pattern=r"^https://git\.example\.com/(team|other)/.*$"),
        by(subject_pattern=r"^https://git\.example\.com/team@.*$"),
        by(subject_pattern=r"^jane\.doe@gmail\.com$"),
        by(subject_pattern=r"^https://git\.example\.com/.*$"),
        by(subject_pattern=r"^https://buildkite\.com/example/[^/]+$"),
        by(subject_pattern=r"^ci@example\.com$"),
        by(subject_pattern=r"^https://gitlab\.company\.com/team/app//\.gitlab-ci\.yml@refs/tags/v[0-9.]+$"),
        by(subject_pattern=r"^https://my-gitlab\.com/team/.*$"),
        by(subject_pattern=r"^spiffe://example\.com/ci/.*$"),
        signed(keys=[PUBLIC, OTHER]),
        signed(keys=[], certificates=[CERTIFICATE]),
        {"kyverno": {"namespaces_left_out": ["tools"], "exceptions": True}},
    ]
    for admission in right:
        assert not problems(stack((("admission",), admission), (("teams",), TEAMS)))


def in_own_registry(*images: str, teams: Any = (), account: str | None = "123456789012", **admission: Any) -> Any:
    found = problems(
        stack(
            *([(("account_id",), account)] if account else []),
            (("teams",), teams or [{**TEAMS[0], "repositories": ["trainer"]}]),
            (("admission",), {**signed(images=list(images)), **admission}),
        )
    )
    return [(problem.path, problem.message) for problem in found]


def test_images_beside_the_repositories_of_teams_are_refused_with_those_that_are_meant() -> None:
    for beside in (IMAGES, f"{HOST}/research/trainer*", f"{OWN}/research/train/*"):
        ((path, message),) = in_own_registry(beside)
        assert path == f"{SIGNATURES}.images[0]"
        assert message.endswith(f"images of teams need no signature. Write {OWN}/research/*.")
    ((_, message),) = in_own_registry(IMAGES, account=None)
    assert message.endswith(f"Write {OWN}/research/*, or the account_id of the stack.")


def test_images_of_one_team_are_right_while_those_of_another_are_missed() -> None:
    agents = {"name": "agents", "namespaces": ["agents"], "repositories": ["chat"]}
    teams = [{**TEAMS[0], "repositories": ["trainer"]}, agents]
    ((path, message),) = in_own_registry(f"{OWN}/research/*", f"{HOST}/agents/*", teams=teams)
    assert path == f"{SIGNATURES}.images[1]"
    assert message.endswith(f"Write {OWN}/agents/*.")
    assert not in_own_registry(f"{OWN}/research/*", teams=teams), "one team comes after the other"


def test_images_that_match_the_repositories_of_teams_are_taken() -> None:
    for right in (f"{OWN}/*", f"{OWN}/research/*", f"{OWN}/research/train*", f"{HOST}/*", f"{HOST}/*/trainer*"):
        assert not in_own_registry(right)
    assert not in_own_registry(f"{OWN}/*", f"{HOST}/shared/base*"), "the account has other images as well"
    assert not in_own_registry(IMAGES, teams=TEAMS), "the stack has no repositories"
    elsewhere = HOST.replace("123456789012", "210987654321")
    assert not in_own_registry(f"{elsewhere}/team/*", registries=[elsewhere])


def test_images_of_the_cache_are_refused_since_others_sign_them() -> None:
    def wrong(*images: str) -> list[tuple[str, str]]:
        found = problems(
            stack(
                (("account_id",), "123456789012"),
                (("teams",), [{**TEAMS[0], "repositories": ["trainer"]}]),
                (("images",), {"cache": {"upstreams": ["quay", "k8s"]}}),
                (("admission",), signed(images=list(images))),
            )
        )
        return [(problem.path, problem.message) for problem in found]

    for wide in (f"{OWN}/*", f"{OWN}/k8s/*", f"{HOST}/*"):
        ((path, message),) = wrong(f"{OWN}/research/*", wide)
        assert path == f"{SIGNATURES}.images[1]"
        assert message.endswith(f"Write a line for each team: {OWN}/<team>/*.")
    assert not wrong(f"{OWN}/research/*")


def test_what_admission_lets_in_beside_named_registries_may_need_a_signature() -> None:
    assert not in_own_registry(f"{OWN}/*", registries=["ghcr.io/example"])
    ((path, message),) = in_own_registry(f"{OWN}/*", teams=TEAMS, registries=["ghcr.io/example"])
    assert path == f"{SIGNATURES}.images[0]"
    assert "is in none of the registries that are let in: ghcr.io/example." in message


@pytest.mark.parametrize(
    ("image", "subject"),
    [
        ("registry.k8s.io/*", {"subject": "krel-trust@k8s-releng-prod.iam.gserviceaccount.com"}),
        (
            "ghcr.io/kyverno/*",
            {"subject": "https://github.com/kyverno/kyverno/.github/workflows/release.yaml@refs/tags/v1"},
        ),
        ("ghcr.io/kyverno/*", {"subject_pattern": r"^https://github\.com/kyverno/kyverno/.*$"}),
        ("ghcr.io/kyverno/*", {"subject_pattern": r"^https://github\.com/(kyverno|acme)/.*$"}),
        ("ghcr.io/kyverno/*", {"subject_pattern": r"^https://github\.com/(kyverno/kyverno|kyverno/policies)/.*$"}),
        ("ghcr.io/kyverno/*", {"subject_pattern": r"^https://github\.com/(acme/x|kyverno)/.*$"}),
        ("ghcr.io/kyverno/*", {"subject_pattern": r"^https://github\.com/(one|kyverno|acme)/.*$"}),
        ("ghcr.io/kyverno/*", {"subject": "https://gitlab.com/kyverno/kyverno//.gitlab-ci.yml@refs/tags/v1"}),
        ("ghcr.io/berriai/*", {"subject": "https://github.com/BerriAI/litellm/.github/workflows/a.yml@refs/tags/v1"}),
    ],
)
def test_images_of_others_may_be_judged_by_who_signs_them(image: str, subject: dict[str, str]) -> None:
    def wrong(**identity: str) -> list[str]:
        admission: dict[str, Any] = {**by(**identity), "registries": [image.removesuffix("/*")]}
        admission["signatures"]["images"] = [image]
        return [problem.path for problem in problems(stack((("admission",), admission), (("teams",), TEAMS)))]

    assert wrong(**subject) == []
    assert wrong(subject="https://github.com/example/app/.github/workflows/build.yaml@refs/tags/v1") == [SIGNATURES]
    owner = image.split("/")[1].strip("*") or "kubernetes"
    for others in (
        f"https://github.com/example/{owner}/.github/workflows/build.yaml@refs/tags/v1",
        f"https://github.com/{owner}-example/app/.github/workflows/build.yaml@refs/tags/v1",
        f"https://github.com/example/app/.github/workflows/build.yaml:{owner}/x",
        f"https://gitlab.com/{owner.upper()}/app//.gitlab-ci.yml@refs/tags/v1",
        f"x{subject.get('subject')}",
    ):
        assert wrong(subject=others) == [SIGNATURES]
    assert wrong(subject_pattern=rf"^https://github\.com/example/{owner}/.*$") == [SIGNATURES]


def test_an_address_that_begins_as_that_of_a_maker_is_somebody_else() -> None:
    admission: dict[str, Any] = by(subject="krel-trust@k8s-releng-prod.iam.gserviceaccount.com.example")
    admission["signatures"]["images"], admission["registries"] = ["registry.k8s.io/*"], ["registry.k8s.io"]
    assert [each.path for each in problems(stack((("admission",), admission), (("teams",), TEAMS)))] == [SIGNATURES]


def test_a_maker_that_signs_with_a_key_may_be_judged_by_one() -> None:
    def wrong(image: str) -> list[str]:
        admission = {**signed(images=[image]), "registries": [image.removesuffix("/*")]}
        return [problem.path for problem in problems(stack((("admission",), admission), (("teams",), TEAMS)))]

    assert wrong("nvcr.io/nim/*") == wrong("nvcr.io:443/nim/*") == []
    assert wrong("ghcr.io/kyverno/*") == [SIGNATURES]


@pytest.mark.parametrize("image", ["quay.io/jetstack/*", "quay.io:443/jetstack/cert-manager*"])
@pytest.mark.parametrize(
    "signers", [{}, {"keys": [], "identities": [{"issuer": ISSUER, "subject": "https://github.com/jetstack/x/y"}]}]
)
def test_a_maker_whose_signatures_kyverno_cannot_verify_is_refused_whoever_signs(
    image: str, signers: dict[str, Any]
) -> None:
    admission = {**signed(images=[image], **signers), "registries": [image.rpartition("/")[0]]}
    (problem,) = problems(stack((("admission",), admission), (("teams",), TEAMS)))
    assert "SHA-512, which Kyverno is not asked for here" in problem.message
    assert problem.message.endswith("Name images that you build.")


def test_identities_need_a_way_to_sigstore() -> None:
    found = problems(stack((("admission",), by(subject="a")), (("teams",), TEAMS), (("network", "nat"), "none")))
    assert f"{SIGNATURES}.identities" in {problem.path for problem in found}
    found = problems(stack((("admission",), signed()), (("teams",), TEAMS), (("network", "nat"), "none")))
    assert f"{SIGNATURES}.identities" not in {problem.path for problem in found}


def test_one_node_is_not_enough_for_who_refuses_in_production() -> None:
    def wrong(mode: str, zones: list[str], environment: str = "prod") -> set[str]:
        found = problems(
            stack(
                (("admission",), {**signed(mode=mode), "mode": "deny"}),
                (("teams",), TEAMS),
                (("environment",), environment),
                (("clusters", "main", "pools", 0, "zones"), zones),
                (("clusters", "main", "pools", 1, "min_per_zone"), 0),
            )
        )
        return {problem.path for problem in found}

    one, two = ["us-west-2a"], ["us-west-2a", "us-west-2b"]
    path = f"{SIGNATURES}.mode"
    assert path in wrong("deny", one)
    assert path not in wrong("deny", two) | wrong("audit", one) | wrong("deny", one, environment="dev")
