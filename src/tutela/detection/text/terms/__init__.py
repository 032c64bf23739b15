"""Lists of terms that an operator keeps: read with the place of each mistake, matched in one pass.

No term stands in a log, an error or an answer: whatever speaks of one names its list and its id.
"""
