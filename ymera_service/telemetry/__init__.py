"""What the server says about itself: logs without secrets, and phase timings."""
