"""Each EFS access point sets a user for its clients, and never root."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, each, number, present, text

USER, FOLDER = "posixUser", "rootDirectory.creationInfo"
WRITABLE = ("2", "3", "6", "7")


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, USER):
        yield USER, "is not set, so each client chooses its own user, even root"
        return
    for identity in ("uid", "gid"):
        if number(resource, f"{USER}.{identity}") == 0:
            yield f"{USER}.{identity}", "is 0, which is root and may read and change all files"
    for group in each(resource, f"{USER}.secondaryGids"):
        if number(group, ()) == 0:
            yield group.path, "is 0, which is root and may read and change all files"
    if text(resource, f"{FOLDER}.permissions")[-1:] in WRITABLE:
        yield f"{FOLDER}.permissions", "lets every user write, those of other access points too"
    if present(resource, FOLDER) and number(resource, f"{FOLDER}.ownerUid") == 0:
        yield (
            f"{FOLDER}.ownerUid",
            "is 0, so the folder belongs to root, and the access point's user cannot write there",
        )


def _point(uid: int = 1000, gid: int = 1000, owner: int = 1000, permissions: str = "0750") -> dict[str, object]:
    folder = {"path": "/research", "creationInfo": {"ownerUid": owner, "ownerGid": gid, "permissions": permissions}}
    return {USER: {"uid": uid, "gid": gid}, "rootDirectory": folder}


RULE = Rule(
    id="efs-access-point-scoped",
    applies_to="aws:efs/accessPoint:AccessPoint",
    severity="medium",
    standards=("FSBP EFS.4", "CKV_AWS_330"),
    why="On a shared file system, a client's user decides which team's files it can read.",
    fix="Set a uid and a gid above 0 in posix_user, and the same ones as owner of the folder.",
    mend={
        "posixUser": {"uid": 1000, "gid": 1000},
        "uid": 1000,
        "gid": 1000,
        "secondaryGids[]": 1000,
        "permissions": "0750",
        "ownerUid": 1000,
    },
    dev="advisory",
    check=check,
    good={
        "a folder of its own": _point(),
        "a reader of all folders": {USER: {"uid": 1001, "gid": 1001, "secondaryGids": [1000]}},
    },
    bad={
        "nothing set": Case({}, at=USER),
        "a folder without a user": Case({"rootDirectory": {"path": "/research"}}, at=USER),
        "root": Case(_point(uid=0), at=f"{USER}.uid"),
        "the group of root": Case(_point(gid=0), at=f"{USER}.gid"),
        "the group of root, beside": Case(
            {USER: {"uid": 1001, "gid": 1001, "secondaryGids": [1000, 0]}}, at=f"{USER}.secondaryGids[1]"
        ),
        **{
            f"others may write, {last}": Case(_point(permissions=f"075{last}"), at=f"{FOLDER}.permissions")
            for last in WRITABLE
        },
        "a folder that belongs to root": Case(_point(owner=0), at=f"{FOLDER}.ownerUid"),
    },
)
