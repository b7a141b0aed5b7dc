"""`plan.json` and its folder: written whole, read back, and checked before anybody rehearses it.

Imports this package: pkikit.commands, simulator.commands, simulator.rehearsal.
"""

from pkikit.planning.plan_file.brought_plan import BroughtPlan, bring_plan, read_change, read_plan
from pkikit.planning.plan_file.plan_document import FORMAT, plan_schema
from pkikit.planning.plan_file.written_plan import files_folder_of, plan_json, write_plan

__all__ = [
    "FORMAT",
    "BroughtPlan",
    "bring_plan",
    "files_folder_of",
    "plan_json",
    "plan_schema",
    "read_change",
    "read_plan",
    "write_plan",
]
