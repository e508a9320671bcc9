"""What was promised: schedule, attempts, worklists, jobs."""
