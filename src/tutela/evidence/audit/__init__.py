"""The audit log as people use it: proofs, signed checkpoints, verification, time stamps."""
