"""What the house tells of itself: logs and phase timings."""
