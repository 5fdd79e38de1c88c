"""The benchmark: how fast the tracker answers, beside the same requests written by hand. `make bench`."""
