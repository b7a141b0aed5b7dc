"""Checks find breaches: functions over certificates, paths, lists, requests and deployments, each paired with its rule.

To add a check, write the function and add `Check(RULE, function)` to the `CHECKS` of its module.
"""
