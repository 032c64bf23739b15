"""Known signals within a distance: exact maps, the Hamming index, and the matcher over both."""
