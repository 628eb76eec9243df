"""What `certify` does: two implementations on the same batches, lane by lane, within derived bounds."""
