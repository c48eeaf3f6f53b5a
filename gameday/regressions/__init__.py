"""Pure. Baselines, and whether later runs are slower or broken, and why."""
