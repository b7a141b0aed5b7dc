"""What a report starts from: a deployment, the files of its machines, and the notes of an import."""
