"""Small values that everything uses: names, URLs, numbers, text. They know nothing else."""
