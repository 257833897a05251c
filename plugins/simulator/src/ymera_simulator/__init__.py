"""Ymera plugin: A practice range: models that compute simple answers, at stated skill, speed and price."""
