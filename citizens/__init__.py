"""Who calls: pseudonymous identity, consent, care plans, retention."""
