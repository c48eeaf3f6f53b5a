"""Edge. Helper pods beside a victim, and what they are ordered to do."""
