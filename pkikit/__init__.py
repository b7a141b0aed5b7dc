"""Certificate decisions around Cisco Expressway: what a certificate must contain, who accepts it, and what to fix.

    import pkikit

    for name in pkikit.san("clustered-mra.yaml", "e1.example.com"):
        print(name.value, name.reason)
    print(pkikit.verify("e1.pem", trust="ca.pem", name="e1.example.com"))

The names in `__all__` are the public interface. Each is imported on first use, so that `import pkikit` costs nothing.
Everything that these functions raise is a `PkikitError`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pkikit.api.decide import (
        Diagnosis,
        catalogue,
        diagnose,
        legs,
        lint,
        load_deployment,
        match,
        san,
        verify,
    )
    from pkikit.api.fleets import fleet_audit
    from pkikit.api.plans import plan
    from pkikit.api.promises_and_rules import judge_promises, load_house_rules
    from pkikit.api.reports import build_report
    from pkikit.design.san import SanEntry, SanLayout
    from pkikit.errors import DeploymentError, EncodingError, InputError, PkikitError
    from pkikit.judge.matching.name_matching import NameMatch
    from pkikit.model.deployment import Deployment
    from pkikit.model.findings import Evidence, Finding, Rejected, Severity, Verdict
    from pkikit.model.leg import Leg, Purpose
    from pkikit.model.parties import Role
    from pkikit.rules.rule import Rule

__version__ = "1.0.0"

# The same imports, made when a name is first used (PEP 562). A test compares them.
_HOMES = {
    "pkikit.api.decide": (
        "Diagnosis", "catalogue", "diagnose", "legs", "lint", "load_deployment", "match", "san", "verify",
    ),
    "pkikit.api.fleets": ("fleet_audit",),
    "pkikit.api.plans": ("plan",),
    "pkikit.api.promises_and_rules": ("judge_promises", "load_house_rules"),
    "pkikit.api.reports": ("build_report",),
    "pkikit.design.san": ("SanEntry", "SanLayout"),
    "pkikit.errors": ("DeploymentError", "EncodingError", "InputError", "PkikitError"),
    "pkikit.judge.matching.name_matching": ("NameMatch",),
    "pkikit.model.deployment": ("Deployment",),
    "pkikit.model.findings": ("Evidence", "Finding", "Rejected", "Severity", "Verdict"),
    "pkikit.model.leg": ("Leg", "Purpose"),
    "pkikit.model.parties": ("Role",),
    "pkikit.rules.rule": ("Rule",),
}  # fmt: skip

__all__ = [
    "Deployment",
    "DeploymentError",
    "Diagnosis",
    "EncodingError",
    "Evidence",
    "Finding",
    "InputError",
    "Leg",
    "NameMatch",
    "PkikitError",
    "Purpose",
    "Rejected",
    "Role",
    "Rule",
    "SanEntry",
    "SanLayout",
    "Severity",
    "Verdict",
    "__version__",
    "build_report",
    "catalogue",
    "diagnose",
    "fleet_audit",
    "judge_promises",
    "legs",
    "lint",
    "load_deployment",
    "load_house_rules",
    "match",
    "plan",
    "san",
    "verify",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            value = globals()[name] = getattr(import_module(home), name)
            return value
    raise AttributeError(f"module 'pkikit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("_"))})
