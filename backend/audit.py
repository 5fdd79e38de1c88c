"""Known vulnerabilities of the packages that are installed: `python audit.py`, as part of `make lint`.

Asks pip-audit and npm audit. What they find fails, unless it is accepted below; a database that cannot be reached
does not, since style and types can be checked without a network.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

BACKEND = Path(__file__).resolve().parent
PATIENCE = 15
"""Seconds for one audit; both run at once."""
ACCEPTED: dict[str, str] = {}
"""Advisory, such as GHSA-xxxx-xxxx-xxxx -> why it does no harm here."""

# The file for development has the packages of the other one, too; all are pinned, so that nothing has to be resolved.
PYTHON = [sys.executable, "-m", "pip_audit", "--requirement", "requirements-dev.txt", "--disable-pip", "--no-deps",
          "--format", "json", "--progress-spinner", "off", "--timeout", "5"]  # fmt: skip
NPM = ["npm", "audit", "--json"]

Found = list[tuple[set[str], str]]
"""Vulnerabilities: all names of the advisory, and a line about it."""


def main() -> int:
    """Audit both; returns the exit code."""
    with ThreadPoolExecutor() as executor:
        python = executor.submit(audited, PYTHON, BACKEND, of_python)
        npm = executor.submit(audited, NPM, BACKEND.parent / "frontend", of_npm)
    failed = False
    for name, audit in (("Python", python), ("npm", npm)):
        found, unknown = audit.result()
        if unknown:
            print(f"Warning: not all {name} packages could be audited: {unknown}", file=sys.stderr)
        for advisories, line in found:
            if not advisories & ACCEPTED.keys():
                print(f"Vulnerable: {line} ({', '.join(sorted(advisories))})", file=sys.stderr)
                failed = True
    return int(failed)


def audited(command: list[str], folder: Path, read: Callable[[Any], tuple[Found, str]]) -> tuple[Found, str]:
    """What an audit finds, and why it does not know about all packages; empty where it does."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603 - ours.
    except subprocess.TimeoutExpired:
        return [], f"no answer within {PATIENCE} seconds"
    except OSError as error:
        return [], str(error)
    try:
        return read(json.loads(done.stdout))
    except (ValueError, LookupError, TypeError):
        said = done.stderr.strip().splitlines() or ["it said nothing that can be read"]
        return [], said[-1][:200]


def of_python(report: Any) -> tuple[Found, str]:
    """What pip-audit reports: packages that its database does not know are skipped, and the rest passes."""
    found: Found = []
    skipped = []
    for package in report["dependencies"]:
        if "skip_reason" in package:
            skipped.append(package["name"])
            continue
        for advisory in package["vulns"]:
            fixed = ", ".join(advisory["fix_versions"]) or "no release yet"
            line = f"{package['name']} {package['version']}, fixed in {fixed}"
            found.append(({advisory["id"], *advisory["aliases"]}, line))
    return found, f"{len(skipped)} of {len(report['dependencies'])} are not in the database" if skipped else ""


def of_npm(report: Any) -> tuple[Found, str]:
    """What npm audit reports: a package is vulnerable by an advisory of its own, or through another one."""
    if "vulnerabilities" not in report:
        return [], " ".join(str(report.get("message") or report.get("error") or "no report").split())[:200]
    found: Found = []
    for package in report["vulnerabilities"].values():
        for via in package["via"]:
            if isinstance(via, dict):
                found.append(({via["url"].rpartition("/")[2]}, f"{via['name']} {via['range']}: {via['title']}"))
    return found, ""


if __name__ == "__main__":
    sys.exit(main())
