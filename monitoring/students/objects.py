"""A student's rows in the artifact bucket: training's data sets and references, old versions too."""

import io
from collections.abc import Collection, Iterator
from typing import Any, Final, NamedTuple

import pandas as pd

from contract.pseudonym import student_key

PREFIXES: Final = ("datasets/", "reference/")
_COLUMNS: Final = ("student_id", "StudentID")
_UNVERSIONED: Final = "null"


class Held(NamedTuple):
    """A version of an object that holds rows of the student."""

    key: str
    version: str
    latest: bool
    etag: str
    rows: pd.DataFrame
    others: pd.DataFrame


def find(s3: Any, bucket: str, names: Collection[str]) -> Iterator[Held]:
    """Yield every version with rows of a student who goes by one of ``names``.

    Data sets hold pseudonyms; those of earlier releases hold ids.
    """
    pages = s3.get_paginator("list_object_versions")
    for prefix in PREFIXES:
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for version in page.get("Versions", ()):
                if version["Key"].endswith(".parquet"):
                    held = _look(s3, bucket, version, names)
                    if held is not None:
                        yield held


def _look(s3: Any, bucket: str, version: dict[str, Any], names: Collection[str]) -> Held | None:
    where = {"Bucket": bucket, "Key": version["Key"]}
    if version["VersionId"] != _UNVERSIONED:
        where["VersionId"] = version["VersionId"]
    answer = s3.get_object(**where)
    frame = pd.read_parquet(io.BytesIO(answer["Body"].read()))
    his = pd.Series(False, index=frame.index)
    for column in set(_COLUMNS) & set(frame.columns):
        his |= frame[column].map(student_key).isin(names)
    if not his.any():
        return None
    return Held(
        version["Key"],
        version["VersionId"],
        version["IsLatest"],
        answer["ETag"],
        frame[his],
        frame[~his],
    )


def erase(s3: Any, bucket: str, held: Held) -> None:
    """Write the object anew without the student if it is the current one, and delete the version.

    Safe to repeat after a death at any point: what is left is found again. Somebody else's write
    meanwhile is refused by S3 (If-Match) and nothing is lost.
    """
    if held.latest:
        body = io.BytesIO()
        held.others.to_parquet(body, index=False)
        answer = s3.put_object(Bucket=bucket, Key=held.key, Body=body.getvalue(), IfMatch=held.etag)
        if answer.get("VersionId", _UNVERSIONED) == held.version:
            return  # A bucket without versions: the old one is gone by this.
    s3.delete_object(Bucket=bucket, Key=held.key, VersionId=held.version)
