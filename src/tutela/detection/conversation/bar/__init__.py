"""Where to set the bar: what each threshold would cost, and what it would find."""
