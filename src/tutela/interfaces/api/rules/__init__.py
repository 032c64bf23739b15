"""Rules as the JSON API gives them: the policy in force, and the law of a place."""
