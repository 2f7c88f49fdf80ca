#!/usr/bin/env python3
"""The AWS CLI as .github/scripts/retrain uses it, answered from a folder (AWS_STUB).

``answers.json`` holds what put-events says and the batches of messages that receive-message gives;
``calls`` keeps every command line. What the CLI would not accept ends with its exit code 252.
"""

import json
import os
import sys
from pathlib import Path

FLAGS = {
    "sqs get-queue-url": {"--queue-name", "--query", "--output"},
    "events put-events": {"--entries", "--output"},
    "sqs receive-message": {
        "--queue-url",
        "--max-number-of-messages",
        "--wait-time-seconds",
        "--output",
    },
    "sqs delete-message": {"--queue-url", "--receipt-handle"},
    "s3 cp": set(),
}
QUEUE = "https://sqs.us-east-1.amazonaws.com/000000000000/"


def main() -> int:
    """Answer one command."""
    home = Path(os.environ["AWS_STUB"])
    command, rest = " ".join(sys.argv[1:3]), sys.argv[3:]
    with (home / "calls").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps([command, *rest]) + "\n")
    given = dict(zip(rest[::2], rest[1::2])) if command != "s3 cp" else {}
    if command not in FLAGS or set(given) != FLAGS[command]:
        print(f"aws: error: {command} {rest}", file=sys.stderr)
        return 252
    answers = json.loads((home / "answers.json").read_text(encoding="utf-8"))
    if command == "sqs get-queue-url":
        print(QUEUE + given["--queue-name"])
    elif command == "events put-events":
        (entry,) = json.loads(given["--entries"])
        assert (
            set(entry) == {"Source", "DetailType", "Detail"} and json.loads(entry["Detail"]) == {}
        )
        print(json.dumps(answers["put"]))
    elif command == "sqs receive-message":
        batch = answers["batches"].pop(0) if answers["batches"] else []
        (home / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
        if batch:  # the CLI says nothing at all about an empty queue
            print(json.dumps({"Messages": batch}))
    elif command == "s3 cp":
        source, target = rest
        outcome = {"promoted": False, "version": "4", "reasons": ["no gain"], "at": source}
        Path(target).write_text(json.dumps(outcome), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
