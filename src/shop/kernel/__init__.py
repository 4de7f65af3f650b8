"""What every part stands on; standard library only."""
