"""Speed and size as ratios, ours against the floor or a peer, measured side by side in one run."""
