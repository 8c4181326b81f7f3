"""The promises the code base makes about itself: directions, portability, the Qt version."""
