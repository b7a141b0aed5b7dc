"""Fleets for practice and tests: deployments of varied shape with real certificates, some of them broken in a known way."""
