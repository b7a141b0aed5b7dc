"""`pip freeze` without this project, sorted: the content of constraints.txt."""

from __future__ import annotations

from importlib.metadata import distributions

OURS = "expressway-certificate-lab"
# Parts of the environment itself; pinning them would fight with the installer.
LEFT_OUT = {OURS, "pip", "setuptools", "wheel"}


def frozen() -> list[str]:
    found = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in distributions()}
    return [f"{name}=={version}" for name, version in sorted(found.items()) if name not in LEFT_OUT]


if __name__ == "__main__":
    print("# The versions that are tested; made by `make constraints`.")
    print("\n".join(frozen()))
