"""Law as data: jurisdiction packs, what an operator changes in them, and the rulings they give."""
