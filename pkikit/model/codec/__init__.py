"""Values as JSON documents and back: what is stored in files, and what scripts send and receive.

A document follows the fields of its dataclass, so a new field cannot be forgotten. `pydantic` builds the readers and
writers, and its import takes time: light commands print verdicts with `Verdict.to_json` and never come here.
"""
