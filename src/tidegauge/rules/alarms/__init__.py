"""Alarms that people can trust: a budget of false alarms, and the tests that keep to it."""
