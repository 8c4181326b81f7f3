"""The search field of the top bar: any patient and any page in a few keys."""
