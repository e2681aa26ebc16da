"""Alert rules: what to look for in what is said, and what came of it. Pure; no clock, network or database."""
