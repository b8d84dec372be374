"""Hedges on virtual time against venues that know the truth and tell it badly. ``python -m`` runs many seeds."""
