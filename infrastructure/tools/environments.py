"""Check that every GitHub environment of the workflows is protected.

    GH_TOKEN=$(gh auth token) python -m infrastructure.tools.environments OWNER/REPOSITORY stg prod

The roles in AWS trust GitHub environments, so who may use an environment is who has its role. For
each of the named ones: its deployments, retraining and promotions run from main (production's
deployments from tags ``v*``) and from no other ref; production's deployments and promotions and
every plan, which runs a branch's own code, wait for a reviewer. Standard library only; the token
needs to read the repository's actions and environments.
API: https://docs.github.com/en/rest/deployments/environments
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, NamedTuple

from contract.errors import StudentPerformanceError

API = "https://api.github.com"


class EnvironmentsError(StudentPerformanceError):
    """GitHub gave no answer that can be judged: the message holds its words."""

    code = "environments"


class Rule(NamedTuple):
    """What an environment must have: the only refs that may use it, and whether people decide."""

    refs: frozenset[tuple[str, str]]
    reviewed: bool


MAIN = ("branch", "main")
TAGS = ("tag", "v*")


def rules(environment: str) -> dict[str, Rule]:
    """Return the rule of each GitHub environment of one of ours."""
    production = environment == "prod"
    deployments = frozenset({TAGS}) if production else frozenset({MAIN, TAGS})
    return {
        environment: Rule(deployments, reviewed=production),
        # Pull requests run here, with the code of their branch: people look first.
        f"{environment}-plan": Rule(frozenset(), reviewed=True),
        f"{environment}-retrain": Rule(frozenset({MAIN}), reviewed=False),
        f"{environment}-promote": Rule(frozenset({MAIN}), reviewed=production),
    }


def problems(
    name: str, rule: Rule, found: dict[str, Any], refs: frozenset[tuple[str, str]] | None
) -> list[str]:
    """Return what an environment lacks; ``refs`` is None where every ref may use it."""
    out = []
    reviewers = [
        reviewer
        for protection in found.get("protection_rules", [])
        if protection.get("type") == "required_reviewers"
        for reviewer in protection.get("reviewers", [])
    ]
    if rule.reviewed and not reviewers:
        out.append(f"{name}: nobody must approve; add required reviewers")
    if rule.refs:
        accepted = ", ".join(f"{kind} {pattern}" for kind, pattern in sorted(rule.refs))
        if refs is None:
            out.append(f"{name}: every branch may use it; accepted: {accepted}")
        else:
            out += [
                f"{name}: {kind} {pattern} may use it; accepted: {accepted}"
                for kind, pattern in sorted(refs - rule.refs)
            ]
    return out


def get(path: str) -> Any:
    """Return GitHub's answer, None for what is not there; raises EnvironmentsError."""
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    if token := os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    address = f"{os.environ.get('GITHUB_API_URL', API).rstrip('/')}/{path}"
    try:
        with urllib.request.urlopen(  # nosec: the scheme is the setting's own
            urllib.request.Request(address, headers=headers), timeout=30
        ) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise EnvironmentsError(f"{path}: {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:
        raise EnvironmentsError(f"{path}: {error}") from error


def check(repository: str, environment: str) -> list[str]:
    """Return the problems of the GitHub environments of one of ours; raises EnvironmentsError."""
    out = []
    for name, rule in rules(environment).items():
        path = f"repos/{repository}/environments/{urllib.parse.quote(name, safe='')}"
        found = get(path)
        if found is None:
            out.append(f"{name}: not there; GitHub makes it, unprotected, when a job first asks")
            continue
        refs = None
        policy = found.get("deployment_branch_policy") or {}
        if policy.get("custom_branch_policies"):
            listed = get(f"{path}/deployment-branch-policies?per_page=100") or {}
            policies = listed.get("branch_policies", [])
            refs = frozenset((item.get("type", "branch"), item["name"]) for item in policies)
        elif policy.get("protected_branches"):
            refs = frozenset({("branch", "any that is protected")})
        out += problems(name, rule, found, refs)
    return out


def main(arguments: list[str] | None = None) -> int:
    """Check; print each problem and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m infrastructure.tools.environments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repository", help="OWNER/REPOSITORY")
    parser.add_argument("environments", nargs="+", help="stg, prod")
    options = parser.parse_args(arguments)
    try:
        found = [p for name in options.environments for p in check(options.repository, name)]
    except EnvironmentsError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 2
    for problem in found:
        print(problem, file=sys.stderr)
    count = sum(len(rules(name)) for name in options.environments)
    print(f"{count} environments, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
