"""Outcome -> what stands in an object's `status`. Pure; nothing is decided here."""
