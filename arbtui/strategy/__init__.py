"""What the market's state means: spreads, carry, signals. Pure; never awaits."""
