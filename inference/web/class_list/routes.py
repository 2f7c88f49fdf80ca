"""POST /predict/csv: a whole class list, answered row by row."""

from flask import Blueprint, Response, request

from inference.web.class_list.rows import COLUMNS, csv_lines, decode_text, read_rows, slices
from inference.web.errors import (
    BadParameter,
    BatchTooLarge,
    UnreadableTable,
    UnsupportedMedia,
)
from inference.web.predict import JSON
from inference.web.service import Service
from inference.web.web_settings import WebSettings

CSV = "text/csv"
FORM = "multipart/form-data"


def _uploaded() -> bytes:
    if request.mimetype == CSV:
        return request.get_data(cache=False)
    if request.mimetype == FORM:
        upload = request.files.get("file")
        if upload is not None:
            data: bytes = upload.read()
            return data
        if "file" in request.form:
            return request.form["file"].encode()
        raise UnreadableTable("The form must hold the list as its field named file.")
    raise UnsupportedMedia(CSV, FORM)


def _first_row() -> int:
    text = request.args.get("first_row", "2")
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= 1):
        raise BadParameter("first_row must be a whole number from 1 to 999999999.")
    return int(text)


def class_list_routes(service: Service, settings: WebSettings) -> Blueprint:
    """Return the blueprint of POST /predict/csv."""
    blueprint = Blueprint("class_list", __name__)

    @blueprint.post("/predict/csv")
    def predict_csv() -> Response:
        first_row = _first_row()
        text = decode_text(_uploaded())
        if text.count("\n") > settings.max_rows + 1:
            raise BatchTooLarge(settings.max_rows)
        as_json = request.accept_mimetypes.best_match([CSV, JSON]) == JSON
        parts: list[bytes] = []
        next_row = first_row
        for rows in slices(read_rows(text, first_row)):
            answers = service.answer([row.event for row in rows])
            next_row = rows[-1].number + 1
            if as_json:
                parts.extend(
                    b'{"row":%d,"answer":%b}' % (row.number, answer.data)
                    for row, answer in zip(rows, answers, strict=True)
                )
            else:
                parts.append(csv_lines(rows, answers).encode())
        if as_json:
            body = b'{"answers":[%b],"next_row":%d}' % (b",".join(parts), next_row)
            return Response(body, content_type=JSON)
        head = ",".join(COLUMNS).encode() + b"\r\n"
        response = Response(head + b"".join(parts), content_type=f"{CSV}; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="grades.csv"'
        return response

    return blueprint
