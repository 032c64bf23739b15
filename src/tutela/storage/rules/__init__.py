"""Policy versions, what was in force when, and what a policy in shadow decided otherwise."""
