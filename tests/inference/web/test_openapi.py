"""The API description is generated from the types; integration-tests fuzz the service with it."""

from __future__ import annotations

from flask.testing import FlaskClient

from contract.events import REJECTION_CODES
from contract.features import FEATURES


def test_the_description_states_the_contract(http: FlaskClient) -> None:
    """Given the description, features, ranges and codes are the contract's."""
    document = http.get("/openapi.json").get_json()
    student = document["components"]["schemas"]["Student"]
    assert student["required"] == [feature.name for feature in FEATURES]
    for feature in FEATURES:
        said = student["properties"][feature.name]
        assert (said["minimum"], said["maximum"]) == (feature.minimum, feature.maximum)
        assert ("multipleOf" in said) == feature.whole
    problem = document["components"]["schemas"]["Problem"]
    assert problem["properties"]["code"]["enum"] == list(REJECTION_CODES)
    assert "/events" not in document["paths"]


def test_the_description_follows_the_settings(make_app, gateway) -> None:
    """Given streams, limits and a key, the description has them."""
    http = make_app(gateway, max_batch=5, api_key="k").test_client()
    document = http.get("/openapi.json", headers={"X-API-Key": "k"}).get_json()
    assert {"/events", "/predictions/{id}"} <= set(document["paths"])
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["anyOf"][1]["maxItems"] == 5
    assert document["security"] and document["paths"]["/health"]["get"]["security"] == []
