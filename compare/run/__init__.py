"""The main job: ``python -m compare.run``."""
