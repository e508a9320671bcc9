"""The telephone line: call flow, prompts, TwiML, carrier hooks, carrier adapter."""
