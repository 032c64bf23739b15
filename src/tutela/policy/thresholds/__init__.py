"""The thresholds that a policy names: from which value of a rating a rule holds."""
