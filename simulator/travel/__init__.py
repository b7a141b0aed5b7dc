"""Time travel: timelines, years of renewals, the end of clientAuth in public certificates."""
