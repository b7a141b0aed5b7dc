"""Dates for the steps of a plan. Pure: no clock, no files."""
