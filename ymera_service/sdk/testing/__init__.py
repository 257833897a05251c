"""Proofs that a plugin keeps its promises."""
