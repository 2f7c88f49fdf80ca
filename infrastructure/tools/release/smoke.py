"""One student in, one prediction out."""

import json

from infrastructure.tools.release.errors import NoAnswerError, ProgramError
from infrastructure.tools.release.program import aws, run
from infrastructure.tools.release.target import INFRASTRUCTURE, Target

SAMPLE = INFRASTRUCTURE.parent / "inference/client/sample_event.json"
WAIT_SECONDS = 100


def has_champion(target: Target) -> bool:
    """Whether a champion is published; without one no answer is the right answer."""
    settings = target.settings
    found = aws(
        "s3api",
        "list-objects-v2",
        "--bucket",
        settings["model_bucket_name"],
        "--prefix",
        f"models/{settings['model_name']}/champion.json",
        "--max-keys",
        "1",
    )
    return bool((found or {}).get("Contents"))


def way_to_champion(target: Target) -> str:
    """Say how an environment without a champion gets one."""
    if target.settings.get("enable_training"):
        return f"train once: gh workflow run retrain --field environment={target.environment}"
    return f"bring one: make promote FROM=local TO={target.environment} VERSION=n"


def put_one(target: Target) -> None:
    """Put one student through; NoAnswerError unless a prediction comes back."""
    settings = target.settings
    try:
        said = run(
            "python3",
            "-m",
            "inference.client",
            "put-record",
            str(SAMPLE),
            "--wait",
            str(WAIT_SECONDS),
            environment={
                "STUDENTS_STREAM_NAME": settings["students_stream_name"],
                "PREDICTIONS_STREAM_NAME": settings["predictions_stream_name"],
                "MODEL_NAME": settings["model_name"],
            },
            seconds=WAIT_SECONDS + 30,
        )
    except ProgramError as error:
        raise NoAnswerError(str(error)) from error
    answer = json.loads(said)
    if answer.get("status") != "ok":
        codes = [problem.get("code") for problem in answer.get("errors", [])]
        raise NoAnswerError(f"the sample student was refused: {codes}")
