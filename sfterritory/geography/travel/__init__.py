"""Travel times without a road engine: the estimate, its error, its calibration."""
