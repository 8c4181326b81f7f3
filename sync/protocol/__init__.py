"""What a laptop and the server say to each other: messages, errors, versions and body coding."""
