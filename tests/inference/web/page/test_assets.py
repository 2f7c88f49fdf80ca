"""The page's own files: few, small, named by their content."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

FIRST_LOAD_BYTES = 150_000


def test_the_first_load_is_small(http: FlaskClient) -> None:
    """Given a first visit, the page and all it loads stay within 150 KB."""
    page = http.get("/")
    loaded, total = set(), len(page.data)
    wanted = set(re.findall(r"/static/\w+/[\w.]+\.(?:css|js|svg)", page.text))
    while wanted:
        path = wanted.pop()
        loaded.add(path)
        response = http.get(path)
        assert response.status_code == 200
        total += len(response.data)
        folder = path.rsplit("/", 1)[0]
        imports = re.findall(r'from "\./([\w.]+)"', response.text)
        wanted |= {f"{folder}/{name}" for name in imports} - loaded
    assert len(loaded) == 8
    assert total <= FIRST_LOAD_BYTES


def test_files_of_another_release_are_not_found(http: FlaskClient) -> None:
    """Given an address of another digest or name, no file is served in its place."""
    address = re.search(r"/static/\w+/page\.css", http.get("/").text)
    assert address is not None
    assert http.get(address[0]).status_code == 200
    for wrong in (
        address[0].replace("page.css", "base.html"),
        "/static/0000/page.css",
        address[0].replace("page.css", "..%2f__init__.py"),
    ):
        assert http.get(wrong).status_code == 404
