"""What every room stands on: configuration, clock, database, work, access, sealing, logs."""
