"""Pure. The nouns: classes of values (`gameday.frozen`), nothing else."""
