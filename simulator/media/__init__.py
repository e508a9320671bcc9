"""The voice side of the exchange: what each leg hears, as 20 ms frames of telephone audio."""
