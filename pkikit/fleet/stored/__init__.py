"""Records on disk: Parquet for people, for other programs and for the next audit."""
