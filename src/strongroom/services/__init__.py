"""Use cases: one file per noun, one method per verb. They reach the outside through `ports.py` alone."""
