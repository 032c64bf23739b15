"""The JSON API: one file per noun. `routes.py` lists them all."""
