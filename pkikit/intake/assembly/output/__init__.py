"""The files of an import: `deployment.yaml`, `certificates/`, `import.json`, `import.md`, written all or not at all.

Imports this package: pkikit.commands.
"""

from pkikit.intake.assembly.output.import_folder import (
    certificate_files,
    folder_files,
    require_free,
    write_folder,
)
from pkikit.intake.assembly.output.import_json import FORMAT, import_json

__all__ = [
    "FORMAT",
    "certificate_files",
    "folder_files",
    "import_json",
    "require_free",
    "write_folder",
]
