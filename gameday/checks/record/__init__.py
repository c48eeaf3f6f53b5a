"""Pure. What a timeline recorded: alerts, samples, clocks, sight, disturbances."""
