"""Who is asked: calls and offers, their life, the choice, the estimate."""
