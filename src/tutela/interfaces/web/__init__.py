"""What the JSON API and the console share: gate, guard, limits, problems, server processes."""
