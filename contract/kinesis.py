"""Kinesis records as JSON without botocore's walk through every entry, by its own event hooks.

botocore spends 10 us and more on each record it writes or reads. The hooks encode a request's
entries, and decode an answer's, in one call. Whatever is not the usual case (an error, a failed
entry, a field they do not know) is left to botocore. `before-parse` is one of its internal events:
a botocore without it would be slower and no more, and a test would tell.
"""

from datetime import datetime, timezone
from typing import Any, Literal

import msgspec

_BODY = "student_performance.body"


class _Put(msgspec.Struct, forbid_unknown_fields=True):
    failed: Literal[0] = msgspec.field(name="FailedRecordCount")
    records: list[dict[str, str]] = msgspec.field(name="Records")
    encryption: str | None = msgspec.field(name="EncryptionType", default=None)


class _Record(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    sequence_number: str = msgspec.field(name="SequenceNumber")
    data: bytes = msgspec.field(name="Data")
    partition_key: str = msgspec.field(name="PartitionKey")
    arrival: float = msgspec.field(name="ApproximateArrivalTimestamp")
    encryption: str | None = msgspec.field(name="EncryptionType", default=None)


class _Page(msgspec.Struct, forbid_unknown_fields=True):
    records: list[_Record] = msgspec.field(name="Records")
    following: str | None = msgspec.field(name="NextShardIterator", default=None)
    behind: int | None = msgspec.field(name="MillisBehindLatest", default=None)


_PUT = msgspec.json.Decoder(_Put)
_PAGE = msgspec.json.Decoder(_Page)


def quick_writes(client: Any) -> Any:
    """Make ``client``'s put_records quick; returns it. Data are bytes; nothing checks parameters."""
    events = client.meta.events
    events.register("before-parameter-build.kinesis.PutRecords", _take_entries)
    events.register("before-call.kinesis.PutRecords", _put_body)
    events.register("before-parse.kinesis.PutRecords", _parse_put)
    return client


def quick_reads(client: Any) -> Any:
    """Make ``client``'s get_records quick; returns it. Answers are equal, their times are UTC."""
    client.meta.events.register("before-parse.kinesis.GetRecords", _parse_page)
    return client


def _take_entries(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context[_BODY] = msgspec.json.encode(params)
    params["Records"] = []


def _put_body(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    params["body"] = context.pop(_BODY)


def _parse_put(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    answer = _decoded(_PUT, response_dict)
    if answer is not None:
        customized_response_dict.update(
            _given(FailedRecordCount=0, Records=answer.records, EncryptionType=answer.encryption)
        )


def _parse_page(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    page = _decoded(_PAGE, response_dict)
    if page is None:
        return
    customized_response_dict["Records"] = [
        _given(
            SequenceNumber=record.sequence_number,
            ApproximateArrivalTimestamp=datetime.fromtimestamp(record.arrival, timezone.utc),
            Data=record.data,
            PartitionKey=record.partition_key,
            EncryptionType=record.encryption,
        )
        for record in page.records
    ]
    customized_response_dict.update(
        _given(NextShardIterator=page.following, MillisBehindLatest=page.behind)
    )


def _decoded(decoder: "msgspec.json.Decoder[Any]", response: dict[str, Any]) -> Any:
    """Return the decoded body and leave botocore none, or return None and leave all to botocore."""
    if response["status_code"] != 200:
        return None
    try:
        answer = decoder.decode(response["body"])
    except (msgspec.MsgspecError, UnicodeError):
        return None
    response["body"] = b"{}"
    return answer


def _given(**members: Any) -> dict[str, Any]:
    """Return the members that have a value: botocore leaves out the others."""
    return {name: value for name, value in members.items() if value is not None}
