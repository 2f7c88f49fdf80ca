"""Where students' data is kept: with which key, for how long, and what no log repeats."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from contract.pseudonym import KEY_FILE
from tests.infrastructure.support.iam import Request, allows
from tests.infrastructure.support.plans import EVERY_SWITCH, REPOSITORY, bootstrap_plan
from tests.infrastructure.test_compose import services
from tests.infrastructure.test_rights import documents

Plan = dict[str, Any]
QUIET = {
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
STUDENTS = ("datasets/", "reference/", "reports/")


def planned(plan: Plan, kind: str) -> dict[str, Any]:
    """Return the planned values of one type, by address."""
    return {
        change["address"]: change["change"]["after"]
        for change in plan["resource_changes"]
        if change["type"] == kind
    }


def test_the_state_is_encrypted_with_its_own_key() -> None:
    """GIVEN the S3 backend, which with `encrypt` and no key asks for S3's own THEN it is not asked
    for, and the bucket encrypts with the state's key."""
    for path in ("infrastructure/versions.tf", "docs/first-day.md"):
        text = (REPOSITORY / path).read_text(encoding="utf-8")
        blocks = re.findall(r'backend "s3" \{(.*?)\}', text, re.DOTALL)
        assert blocks
        assert not any("encrypt" in block and "kms_key_id" not in block for block in blocks), path
    plan = bootstrap_plan("stg")
    rules = planned(plan, "aws_s3_bucket_server_side_encryption_configuration")
    (rule,) = rules["module.state.aws_s3_bucket_server_side_encryption_configuration.this"]["rule"]
    (default,) = rule["apply_server_side_encryption_by_default"]
    assert default["sse_algorithm"] == "aws:kms"
    main = (REPOSITORY / "infrastructure/bootstrap/main.tf").read_text(encoding="utf-8")
    assert "kms_key_arn     = aws_kms_key.state.arn" in main


def test_the_databases_logs_are_ours_and_end(plan_of: Callable[..., Plan]) -> None:
    """GIVEN a database that exports its logs THEN each group is planned, with key and retention."""
    plan = plan_of("stg", *EVERY_SWITCH)
    groups = planned(plan, "aws_cloudwatch_log_group")
    ((_, database),) = planned(plan, "aws_db_instance").items()
    for kind in database["enabled_cloudwatch_logs_exports"]:
        group = groups[f'module.database[0].aws_cloudwatch_log_group.this["{kind}"]']
        assert group["name"] == f"/aws/rds/instance/{database['identifier']}/{kind}"
        assert group["retention_in_days"] > 0
    assert len(database["enabled_cloudwatch_logs_exports"]) == 2
    main = (REPOSITORY / "infrastructure/modules/database/main.tf").read_text(encoding="utf-8")
    (block,) = re.findall(r'aws_cloudwatch_log_group" "this" \{(.*?)\n\}', main, re.DOTALL)
    assert re.search(r"kms_key_id\s+= var.kms_key_arn", block)


def test_no_postgres_logs_rows_or_parameters(plan_of: Callable[..., Plan]) -> None:
    """GIVEN the cloud's Postgres and compose's THEN errors come without the row, statements without
    parameters; the local cloud's is asked in integration-tests/test_monitoring_logs.py."""
    ((_, group),) = planned(plan_of("stg", *EVERY_SWITCH), "aws_db_parameter_group").items()
    assert QUIET.items() <= {each["name"]: each["value"] for each in group["parameter"]}.items()
    command = services()["postgres"]["command"]
    assert {f"{name}={value}" for name, value in QUIET.items()} <= set(command)


def test_what_holds_students_rows_expires(plan_of: Callable[..., Plan]) -> None:
    """GIVEN the artifact bucket THEN every prefix with rows of students has an end, its old versions
    too."""
    rules = planned(plan_of("stg"), "aws_s3_bucket_lifecycle_configuration")
    ours = rules["module.artifact_store.aws_s3_bucket_lifecycle_configuration.this"]["rule"]
    ends = {
        rule["filter"][0]["prefix"]: rule["expiration"][0]["days"]
        for rule in ours
        if rule.get("expiration")
    }
    assert set(STUDENTS) <= set(ends) and all(0 < days <= 400 for days in ends.values())
    assert any(rule.get("noncurrent_version_expiration") for rule in ours)


def test_training_alone_reads_the_key_of_pseudonyms(plan_of: Callable[..., Plan]) -> None:
    """GIVEN the policies of every role THEN the key is read by the role that makes pseudonyms, and
    nobody deletes it: all students would get other names."""
    plan = plan_of("stg", *EVERY_SWITCH)
    artifacts = planned(plan, "aws_s3_bucket")["module.artifact_store.aws_s3_bucket.this"]["bucket"]
    key = f"arn:aws:s3:::{artifacts}/{KEY_FILE}"

    def allowed(action: str) -> set[str]:
        written = {
            address: policy
            for address, policy in documents(plan).items()
            if not any("Principal" in statement for statement in policy["Statement"])
        }
        return {
            address for address, policy in written.items() if allows([policy], Request(action, key))
        }

    training = {"module.training[0].data.aws_iam_policy_document.mage"}
    assert allowed("s3:GetObject") == allowed("s3:PutObject") == training
    assert allowed("s3:DeleteObject") == set()
