"""Edge. Text to a tree with lines, and the shapes that values in it may have."""
