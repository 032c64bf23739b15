"""YAML files that people write: read with the place of every mistake, and nothing constructed."""
