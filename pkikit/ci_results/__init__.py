"""Results for pipelines: one value for every command, as SARIF, as JUnit XML, and compared with an earlier run."""
