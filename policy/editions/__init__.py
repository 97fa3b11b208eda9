"""The dated data: editions of the policy, and the closed days."""
