"""What is kept of a finding: for how long, where it came from, and what is known of its people."""
