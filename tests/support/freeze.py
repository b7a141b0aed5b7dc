"""`pip freeze` without this project, sorted: the content of constraints.txt."""

from __future__ import annotations

from importlib.metadata import distributions

OURS = "expressway-certificate-lab"
# Parts of the environment itself; pinning them would fight with the installer.
LEFT_OUT = {OURS, "pip", "setuptools", "wheel"}
# Debian's Python is 3.11.2, the oldest we promise; newer releases of these want 3.11.5.
HELD = {"soupsieve": "2.10"}


def frozen() -> list[str]:
    found = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in distributions()}
    return [f"{name}=={HELD.get(name, version)}" for name, version in sorted(found.items()) if name not in LEFT_OUT]


if __name__ == "__main__":
    print("# The versions that are tested; made by `make constraints`.")
    print("\n".join(frozen()))
