"""Errors of the library: each survives the way between processes, as `explore --workers` needs it."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta
from typing import Any

import pytest

import pkikit
from pkikit import errors
from pkikit.model.findings import Verdict

ERRORS: tuple[pkikit.PkikitError, ...] = (
    errors.PkikitError("no"),
    errors.InputError("no", where="a.pem"),
    errors.DeploymentError("no", where="a.yaml"),
    errors.EncodingError("no", where="a.pem", rule="encoding.not-pem"),
    errors.IssuanceRefused("no"),
    errors.FetchError("http://crl.example.com/", "no"),
    errors.AcmeError("no"),
    errors.AcmeProblem("urn:x", "no", [("a.example.com", "no")], retry_after=timedelta(seconds=3)),
    errors.AcmeMisissued(["one", "two"]),
    errors.AcmeTimeout("no"),
    pkikit.Rejected(Verdict(question="Is it?", findings=())),
)


def test_errors_above_are_all_that_there_are() -> None:
    declared = {e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.PkikitError)}
    assert {type(error) for error in ERRORS} == declared | {pkikit.Rejected}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))], ids=["copy", "deepcopy", "pickle"]
)
def test_duplicate_of_an_error_says_the_same(duplicate: Any, error: pkikit.PkikitError) -> None:
    again = duplicate(error)
    assert type(again) is type(error)
    assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))
