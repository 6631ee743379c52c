"""What strangers wrote: read so that nothing raises, shown so that nothing is obeyed."""
