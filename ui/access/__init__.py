"""Patients outside one's list: found and opened online, with a reason, for some hours."""
