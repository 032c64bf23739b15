"""How a learned rater is trained: read once, dealt into folds, fitted, calibrated, measured."""
